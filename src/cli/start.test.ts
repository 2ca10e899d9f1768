import { expect, it } from 'vitest'
import { foundLine } from './start.ts'

it('tells how to add a server that was found', () => {
  expect(foundLine({ kind: 'ollama', url: 'http://127.0.0.1:11434/v1' })).toBe(
    'Found ollama at http://127.0.0.1:11434. To add its models: baimo add http://127.0.0.1:11434',
  )
})
