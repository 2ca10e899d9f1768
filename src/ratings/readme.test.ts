import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, expect, it, vi } from 'vitest'

afterEach(() => {
  vi.restoreAllMocks()
})

it('the example of the README prints what the README says', async () => {
  const text = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
  const [, code = '', printed = ''] = /```js\n(.*?)```.*?```text\n(.*?)```/s.exec(text) ?? []
  const door = pathToFileURL(join(import.meta.dirname, 'index.ts')).href
  const lines: string[] = []
  vi.spyOn(console, 'log').mockImplementation((...words) => {
    lines.push(words.join(' '))
  })
  await import(`data:text/javascript,${encodeURIComponent(code.replace('baimo/ratings', door))}`)
  expect(`${lines.join('\n')}\n`).toBe(printed)
})
