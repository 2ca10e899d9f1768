import { describe, expect, it } from 'vitest'
import { Refusal } from '../kernel/index.ts'
import { readHead } from './read-head.ts'

describe('what stands before the records', () => {
  it('is nothing in most files', () => {
    expect(readHead('a,b\n1,2')).toEqual({
      isJson: false,
      at: 0,
      line: 1,
      promptDesignEffect: null,
    })
    expect(readHead('')).toMatchObject({ isJson: false, at: 0, promptDesignEffect: null })
    expect(readHead('  {"model_a":1}')).toMatchObject({ isJson: true, at: 0 })
  })

  it('may be a byte order mark, empty lines and remarks', () => {
    const text = '\ufeff\r\n# board 7\r\n# prompt_design_effect: 1.25\na,b'
    expect(readHead(text)).toEqual({
      isJson: false,
      at: text.indexOf('a,b'),
      line: 4,
      promptDesignEffect: 1.25,
    })
    const json = '{"prompt_design_effect":2}\n{"model_a":"x"}'
    expect(readHead(json)).toMatchObject({ isJson: true, line: 2, promptDesignEffect: 2 })
  })

  it('is refused when the effect of prompts is no number of 1 or more', () => {
    for (const text of [
      '# prompt_design_effect: 0.9',
      '# prompt_design_effect: x',
      '{"prompt_design_effect":"2"}',
    ])
      expect(() => readHead(text)).toThrow(Refusal)
  })
})
