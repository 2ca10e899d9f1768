import { expect, it } from 'vitest'
import { modelPath } from './model-path.ts'

it('keeps the slashes of a name and encodes the rest', () => {
  expect(modelPath('acme/lion:Q4 K?')).toBe('/api/models/acme/lion%3AQ4%20K%3F')
  expect(modelPath('..lion')).toBe('/api/models/..lion')
})

it.each(['..', '.', '', 'a/../b', 'a/', '/a'])('refuses %j, which leads elsewhere', (name) => {
  expect(() => modelPath(name)).toThrow('is no name of a model')
})
