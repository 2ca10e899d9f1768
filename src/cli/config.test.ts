import { expect, it } from 'vitest'
import { readConfig, settings } from '../config.ts'
import { describeSetting } from './config.ts'

const settingOf = (name: string) => {
  const setting = settings.find((each) => each.name === name)
  if (setting === undefined) throw new Error(`no setting ${name}`)
  return setting
}

it('shows a value, or what counts without one', () => {
  expect(describeSetting(settingOf('PORT'), { PORT: '8000' }).shown).toBe('8000')
  expect(describeSetting(settingOf('PORT'), { PORT: ' ' }).shown).toBe('(7777)')
})

it('says of a secret only that it is set', () => {
  for (const { name } of settings.filter(({ isSecret }) => isSecret)) {
    const shown = describeSetting(settingOf(name), { [name]: 'hidden' })
    expect(shown).toMatchObject({ is_set: true, value: null, shown: 'set' })
    expect(JSON.stringify(shown)).not.toContain('hidden')
  }
})

it('the public address is an origin, with or without a slash at its end', () => {
  for (const [value, url] of [
    ['https://market.example.org', 'https://market.example.org'],
    ['https://market.example.org/', 'https://market.example.org'],
    [' http://10.0.0.7:8080 ', 'http://10.0.0.7:8080'],
    ['', null],
  ] as const)
    expect(readConfig({ BAIMO_PUBLIC_URL: value }).publicUrl).toBe(url)
})

it.each(['market.example.org', 'ftp://a', 'https://a/path', 'https://u:p@a', 'https://a/?q'])(
  'a public address of any other form is refused: %s',
  (value) => {
    expect(() => readConfig({ BAIMO_PUBLIC_URL: value })).toThrow('BAIMO_PUBLIC_URL must be')
  },
)
