import { describe, expect, it } from 'vitest'
import { type ReasoningMarks, splitReasoning } from './split-reasoning.ts'

const marks: ReasoningMarks = { open: '<think>', close: '</think>', isOpen: false }
const run = (pieces: string[], from: ReasoningMarks | null = marks) => {
  const splitter = splitReasoning(from)
  const all = [...pieces.map((p) => splitter.push(p)), splitter.end()]
  return {
    reasoning: all.map((s) => s.reasoning).join(''),
    content: all.map((s) => s.content).join(''),
  }
}

describe('thoughts and the answer', () => {
  it.each([
    [['<think>\nhm, 42</think>\n\nIt is 42.']],
    [[...'<think>\nhm, 42</think>\n\nIt is 42.']],
  ])('are told apart whatever the pieces', (pieces) => {
    expect(run(pieces)).toEqual({ reasoning: 'hm, 42', content: 'It is 42.' })
  })

  it('are told apart where the template opened the thoughts itself', () => {
    expect(run(['hm', '</thi', 'nk>\n42'], { ...marks, isOpen: true })).toEqual({
      reasoning: 'hm',
      content: '42',
    })
  })

  it('are all answer where no mark opens them', () => {
    expect(run(['<thinly', ' <think>x</think>'])).toEqual({
      reasoning: '',
      content: '<thinly <think>x</think>',
    })
    expect(run(['<thi']).content).toBe('<thi')
  })

  it('are all thoughts where the answer never comes', () => {
    expect(run(['<think>a </th'])).toEqual({ reasoning: 'a </th', content: '' })
  })

  it('are not looked for where the template knows no thoughts', () => {
    expect(run(['<think>x</think>'], null).content).toBe('<think>x</think>')
  })
})
