import { describe, expect, it } from 'vitest'
import { chooseGroup, groupFiles } from './group-files.ts'
import { nameModel } from './name-model.ts'
import type { HubRepo, Source } from './types.ts'

const repo = (...paths: string[]): HubRepo => ({
  revision: 'main',
  licence: null,
  isGated: false,
  files: paths.map((path) => ({ path, sizeBytes: 10, sha256: 'a'.repeat(64) })),
})
const source = (wish: string | null = null): Source => ({
  hub: 'hf',
  publisher: 'acme',
  repo: 'Lion-GGUF',
  wish,
})
const choose = (paths: string[], wish: string | null = null) =>
  chooseGroup(groupFiles(repo(...paths)), source(wish))

describe('the models of a repository', () => {
  it.each([
    ['lion-7b-q4_k_m.gguf', 'Q4_K_M'],
    ['Lion.Q8_0.gguf', 'Q8_0'],
    ['lion-UD-Q4_K_XL.gguf', 'UD-Q4_K_XL'],
    ['lion-IQ2_XXS.gguf', 'IQ2_XXS'],
    ['Q6_K/lion-00001-of-00002.gguf', 'Q6_K'],
    ['lion-bf16.gguf', 'BF16'],
    ['gpt-mxfp4.gguf', 'MXFP4'],
    ['lion.gguf', null],
    ['q4you.gguf', null],
  ])('reads the quantisation of %s', (path, quantisation) => {
    expect(groupFiles(repo(path))[0]?.quantisation).toBe(quantisation)
  })

  it('leaves out what is no language model, and other files', () => {
    const groups = groupFiles(
      repo('README.md', 'mmproj-f16.gguf', 'lion.imatrix.gguf', 'lion-f16.gguf'),
    )
    expect(groups.map(({ name }) => name)).toEqual(['lion-f16.gguf'])
  })

  it('takes the parts of a split model together, in their order', () => {
    const parts = ['lion-q8_0-00002-of-00002.gguf', 'lion-q8_0-00001-of-00002.gguf']
    const group = choose(parts)
    expect(group.files.map(({ path }) => path)).toEqual(parts.toReversed())
    expect(group.sizeBytes).toBe(20)
  })
})

describe('choosing a model of a repository', () => {
  it('takes Q4_K_M where nobody says, else the only one', () => {
    expect(choose(['a-q8_0.gguf', 'a-q4_k_m.gguf']).name).toBe('a-q4_k_m.gguf')
    expect(choose(['a-q8_0.gguf']).name).toBe('a-q8_0.gguf')
  })

  it('takes what was asked for, in any case, by quantisation or by file', () => {
    const paths = ['a-q8_0.gguf', 'b/a-q4_k_m.gguf']
    expect(choose(paths, 'q8_0').name).toBe('a-q8_0.gguf')
    expect(choose(paths, 'A-Q4_K_M.gguf').name).toBe('a-q4_k_m.gguf')
    expect(choose(paths, 'b/a-q4_k_m.gguf').name).toBe('a-q4_k_m.gguf')
  })

  it('lists what there is where it cannot choose', () => {
    expect(() => choose(['a-q8_0.gguf', 'a-q5_0.gguf'])).toThrow(
      'acme/Lion-GGUF has several models. There is: Q8_0, Q5_0. Choose one, such as hf:acme/Lion-GGUF:Q8_0',
    )
    expect(() => choose(['a-q8_0.gguf'], 'Q2_K')).toThrow('has no "Q2_K". There is: Q8_0.')
    expect(() => choose(['a-q4_k_m.gguf', 'b-q4_k_m.gguf'], 'Q4_K_M')).toThrow(
      'has several "Q4_K_M". There is: a-q4_k_m.gguf, b-q4_k_m.gguf.',
    )
  })

  it('refuses a repository without models, and a split model without all of its parts', () => {
    expect(() => choose(['README.md'])).toThrow('acme/Lion-GGUF has no GGUF file.')
    expect(() => choose(['a-q8_0-00001-of-00003.gguf', 'a-q8_0-00003-of-00003.gguf'])).toThrow(
      'only 2 of 3 parts',
    )
  })

  it('takes a file that is listed twice once, and says how other parts do not fit', () => {
    expect(choose(['a-q4_k_m.gguf', 'a-q4_k_m.gguf']).files).toHaveLength(1)
    const parts = [1, 2, 3].map((part) => `a-q8_0-0000${part}-of-00002.gguf`)
    expect(() => choose(parts)).toThrow('are not numbered from 1 to 2')
  })

  it('refuses a file whose checksum the hub does not tell', () => {
    const files = [{ path: 'a.gguf', sizeBytes: 1, sha256: null }]
    const groups = groupFiles({ ...repo(), files })
    expect(() => chooseGroup(groups, source())).toThrow('The hub tells no SHA-256 of a.gguf')
  })
})

describe('the name of a model', () => {
  const nameOf = (paths: string[], wish: string | null = null) => {
    const groups = groupFiles(repo(...paths))
    return nameModel(source(wish), chooseGroup(groups, source(wish)), groups)
  }

  it('is that of the repository with the quantisation', () => {
    expect(nameOf(['a-q4_k_m.gguf'])).toBe('acme/Lion:Q4_K_M')
  })

  it('is told by the file where the quantisation does not tell', () => {
    expect(nameOf(['cub.gguf'])).toBe('acme/Lion:cub')
    expect(nameOf(['lion.gguf'])).toBe('acme/Lion')
    expect(nameOf(['a-q8_0.gguf', 'b-q8_0.gguf'], 'b-q8_0.gguf')).toBe('acme/Lion:b-q8_0')
  })
})
