import { expect, test } from 'vitest'
import { readAnchor } from './read-anchor.ts'

test('an anchor is a model, with points behind the last =', () => {
  expect(readAnchor('gpt-4')).toEqual({ model: 'gpt-4', rating: 1000 })
  expect(readAnchor('gpt-4=1114')).toEqual({ model: 'gpt-4', rating: 1114 })
  expect(readAnchor('a=b=-20.5')).toEqual({ model: 'a=b', rating: -20.5 })
  expect(readAnchor('a=b')).toEqual({ model: 'a=b', rating: 1000 })
  expect(readAnchor('=5')).toEqual({ model: '=5', rating: 1000 })
})
