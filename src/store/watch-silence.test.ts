import { expect, it } from 'vitest'
import { watchSilence } from './watch-silence.ts'

function setUp() {
  const sockets = {
    bytesRead: 0,
    cuts: 0,
    cut() {
      sockets.cuts += 1
    },
  }
  return { sockets, silence: watchSilence(sockets) }
}

it('is silent once two looks in a row got no answer and nothing else did', () => {
  const { sockets, silence } = setUp()
  silence.looked('silent')
  expect(silence.isSilent).toBe(false)
  silence.looked('silent')
  expect(silence.isSilent).toBe(true)
  expect(sockets.cuts).toBe(1)
  silence.looked('well')
  expect(silence.isSilent).toBe(false)
})

it('is not while other connections are answered, nor where each failure has a reason', () => {
  const { sockets, silence } = setUp()
  for (let look = 0; look < 5; look++) {
    sockets.bytesRead += 100
    silence.looked('silent')
  }
  silence.looked('lost')
  silence.looked('silent')
  silence.looked('lost')
  expect(silence.isSilent).toBe(false)
  expect(sockets.cuts).toBe(0)
})

it('stays silent, and cuts what was opened meanwhile, until it hears something', () => {
  const { sockets, silence } = setUp()
  for (let look = 0; look < 4; look++) silence.looked('silent')
  expect(sockets.cuts).toBe(3)
  silence.looked('lost') // it refuses: that is an answer
  expect(silence.isSilent).toBe(false)
})

it('cuts the connections to a server that became read-only, once each time', () => {
  const { sockets, silence } = setUp()
  silence.looked('read-only')
  silence.looked('read-only')
  expect(sockets.cuts).toBe(1)
  silence.looked('well')
  silence.looked('read-only')
  expect(sockets.cuts).toBe(2)
  expect(silence.isSilent).toBe(false)
})
