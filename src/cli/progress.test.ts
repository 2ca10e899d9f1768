import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { openProgress, withProgress } from './progress.ts'
import type { Terminal } from './terminal.ts'

let said = ''
function terminal(isErrTerminal: boolean): Terminal {
  return {
    out: () => {},
    err: (text) => {
      said += text
    },
    styleOut: (_, text) => text,
    styleErr: (_, text) => text,
    isOutTerminal: isErrTerminal,
    isErrTerminal,
    isInTerminal: false,
    columns: null,
    readInput: async () => '',
    deliver: async () => {},
    outliveReaders: () => {},
  }
}

beforeEach(() => {
  said = ''
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

it('says nothing of what takes less than two seconds', async () => {
  const progress = openProgress(terminal(true))
  progress.say('reading')
  await vi.advanceTimersByTimeAsync(1_900)
  progress.end()
  expect(said).toBe('')
})

it('rewrites one line on a terminal, and takes it away at the end', async () => {
  const progress = openProgress(terminal(true))
  progress.say('reading')
  await vi.advanceTimersByTimeAsync(3_000)
  progress.end()
  expect(said.replaceAll('\r\u001b[K', '<')).toMatch(/^(<reading … \d\.\d s)+<$/)
  said = ''
  await vi.advanceTimersByTimeAsync(3_000)
  progress.end()
  expect(said).toBe('')
})

it('prints plain lines elsewhere: when something new is said and every 15 seconds', async () => {
  const progress = openProgress(terminal(false))
  progress.say('reading')
  await vi.advanceTimersByTimeAsync(20_000)
  progress.say('writing')
  progress.end()
  expect(said).toBe('reading\nreading … 17.0 s\nwriting\n')
})

it('is silent for programs, and ends when the work fails', async () => {
  const failing = withProgress(terminal(true), 'work', () => Promise.reject(new Error('no')), {
    isSilent: true,
    shownAfterMs: 0,
  })
  await expect(failing).rejects.toThrow('no')
  expect(said).toBe('')
})
