import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { NO_SLOT } from '../kernel/index.ts'
import { openDeadlines } from './open-deadlines.ts'

function waiting(name: string, heard: string[]) {
  return { deadlineMs: 0, slot: NO_SLOT, late: () => void heard.push(name) }
}

it('calls whose time is up, each once and in its time', async () => {
  const heard: string[] = []
  const deadlines = openDeadlines()
  deadlines.add(waiting('late', heard), 120)
  deadlines.add(waiting('soon', heard), 20)
  await sleep(70)
  expect(heard).toEqual(['soon'])
  await sleep(100)
  expect(heard).toEqual(['soon', 'late'])
})

it('leaves who is gone alone, and goes on for the others', async () => {
  const heard: string[] = []
  const deadlines = openDeadlines()
  const gone = waiting('gone', heard)
  deadlines.add(gone, 20)
  deadlines.delete(gone)
  deadlines.add(waiting('there', heard), 40)
  await sleep(90)
  expect(heard).toEqual(['there'])
})

it('keeps its time when somebody leaves as another is called', async () => {
  const heard: string[] = []
  const deadlines = openDeadlines()
  const second = waiting('second', heard)
  deadlines.add({ deadlineMs: 0, slot: NO_SLOT, late: () => deadlines.delete(second) }, 20)
  deadlines.add(second, 20)
  await sleep(60)
  expect(heard).toEqual([])
})
