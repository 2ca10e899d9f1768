import { expect, test } from 'vitest'
import { readConfig } from './config.ts'

test('the public address is an origin, with or without a slash at its end', () => {
  for (const [value, url] of [
    ['https://market.example.org', 'https://market.example.org'],
    ['https://market.example.org/', 'https://market.example.org'],
    [' http://10.0.0.7:8080 ', 'http://10.0.0.7:8080'],
    ['', null],
  ] as const)
    expect(readConfig({ BAIMO_PUBLIC_URL: value }).publicUrl).toBe(url)
})

test.each(['market.example.org', 'ftp://a', 'https://a/path', 'https://u:p@a', 'https://a/?q'])(
  'a public address of any other form is refused: %s',
  (value) => {
    expect(() => readConfig({ BAIMO_PUBLIC_URL: value })).toThrow('BAIMO_PUBLIC_URL must be')
  },
)
