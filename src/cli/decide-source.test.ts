import { expect, it } from 'vitest'
import { PROVIDER_KINDS } from '../catalog/index.ts'
import { describeUnknown } from './add.ts'
import { ADDABLE_KINDS, decideSource } from './decide-source.ts'

const isFile = (path: string) => ['model.bin', './openai', 'openai'].includes(path)

it.each([
  ['http://localhost:11434', { kind: 'server', url: 'http://localhost:11434' }],
  ['HTTPS://example.com/v1', { kind: 'server', url: 'HTTPS://example.com/v1' }],
  ['localhost:11434', { kind: 'server', url: 'http://localhost:11434' }],
  ['10.0.0.7:8000/v1', { kind: 'server', url: 'http://10.0.0.7:8000/v1' }],
  ['./lion.gguf', { kind: 'file', path: './lion.gguf' }],
  ['LION.GGUF', { kind: 'file', path: 'LION.GGUF' }],
  ['model.bin', { kind: 'file', path: 'model.bin' }],
  ['./openai', { kind: 'file', path: './openai' }],
  ['openai', { kind: 'preset', preset: 'openai' }],
  ['Mistral', { kind: 'preset', preset: 'mistral' }],
  ['hf:acme/lion-GGUF:Q4_K_M', { kind: 'hub', source: 'hf:acme/lion-GGUF:Q4_K_M' }],
  ['MS:acme/lion', { kind: 'hub', source: 'MS:acme/lion' }],
  ['hf:acme/lion:a/b.gguf', { kind: 'hub', source: 'hf:acme/lion:a/b.gguf' }],
  ['https://huggingface.co/acme/lion-GGUF', { kind: 'hub', source: 'hf:acme/lion-GGUF' }],
  ['hf.co/acme/lion:Q8_0', { kind: 'hub', source: 'hf:acme/lion:Q8_0' }],
  ['https://www.modelscope.cn/models/acme/lion/', { kind: 'hub', source: 'ms:acme/lion' }],
  ['https://huggingface.co/v1', { kind: 'server', url: 'https://huggingface.co/v1' }],
  ['hf:8080', { kind: 'server', url: 'http://hf:8080' }],
  ['engine', { kind: 'unknown' }],
  ['lion', { kind: 'unknown' }],
])('takes %s for what it looks like', (word, source) => {
  expect(decideSource(word, isFile)).toEqual(source)
})

it('knows every kind of provider but the engine of Baimo', () => {
  expect([...ADDABLE_KINDS, 'engine'].sort()).toEqual([...PROVIDER_KINDS].sort())
})

it.each([
  ['hf:nope', 'no repository'],
  ['htp://x', 'no address of a server'],
  ['whatever', 'no kind of provider'],
])('%s has a sentence of its own', (word, part) => {
  expect(describeUnknown(word)).toContain(part)
})
