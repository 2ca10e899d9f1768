import { expect, test } from 'vitest'
import { clearSessionCookie, readSessionCookie, writeSessionCookie } from './cookie.ts'

test('the token is found among other cookies, and nothing that looks like it', () => {
  expect(readSessionCookie('a=1; baimo_session=abc_-; b=2')).toBe('abc_-')
  expect(readSessionCookie('baimo_session=a=b')).toBe('a=b')
  for (const header of [undefined, '', 'xbaimo_session=a', 'baimo_session', 'baimo_session='])
    expect(readSessionCookie(header)).toBeNull()
})

test('no script and no other site gets the cookie', () => {
  expect(writeSessionCookie('abc', { isSecure: false })).toBe(
    'baimo_session=abc; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax',
  )
  expect(writeSessionCookie('abc', { isSecure: true })).toContain('; Secure')
  expect(clearSessionCookie({ isSecure: false })).toMatch(/^baimo_session=; .*Max-Age=0;/)
})
