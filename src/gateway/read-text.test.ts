import { expect, test } from 'vitest'
import { readText } from './read-text.ts'

const read = (choice: object) => readText(JSON.stringify({ choices: [choice] }))

test('text is read of parts, of whole answers, of lists and of refusals', () => {
  expect(read({ delta: { content: 'a' } })).toEqual({ text: 'a', finishReason: null })
  expect(read({ message: { content: 'a' }, finish_reason: 'stop' })).toEqual({
    text: 'a',
    finishReason: 'stop',
  })
  expect(read({ delta: { content: [{ type: 'text', text: 'a' }, { type: 'x' }] } })?.text).toBe('a')
  expect(read({ delta: { refusal: 'no' } })?.text).toBe('no')
  expect(read({ delta: { reasoning_content: 'hm' } })?.text).toBe('')
})

test('what is no answer adds nothing', () => {
  expect(readText('[DONE]')).toBe(null)
  expect(readText('{"choices":[]}')).toBe(null)
  expect(readText('{"choices":[{"index":1,"delta":{"content":"b"}}]}')).toBe(null)
})
