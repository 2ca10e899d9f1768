import { expect, it } from 'vitest'
import { settings } from '../config.ts'
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
