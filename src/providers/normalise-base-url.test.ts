import { describe, expect, it } from 'vitest'
import { normaliseBaseUrl } from './normalise-base-url.ts'

describe('the address of a provider', () => {
  it.each([
    ['http://localhost:11434', 'http://localhost:11434/v1'],
    ['localhost:1234', 'http://localhost:1234/v1'],
    ['HTTP://LOCALHOST:8000/', 'http://localhost:8000/v1'],
    ['https://api.example.com/v1/', 'https://api.example.com/v1'],
    ['https://api.example.com/v1beta/openai/', 'https://api.example.com/v1beta/openai'],
    ['https://api.example.com/v1/chat/completions', 'https://api.example.com/v1'],
    ['https://api.example.com/v1/models', 'https://api.example.com/v1'],
    ['https://api.example.com:443/v1', 'https://api.example.com/v1'],
    ['http://[::1]:8080', 'http://[::1]:8080/v1'],
    [' 10.0.0.5:8000 ', 'http://10.0.0.5:8000/v1'],
  ])('%s is kept as %s', (given, kept) => {
    expect(normaliseBaseUrl(given)).toBe(kept)
    expect(normaliseBaseUrl(kept)).toBe(kept)
  })

  it.each([
    ['', 'providers_url_invalid'],
    ['http://', 'providers_url_invalid'],
    ['ftp://example.com', 'providers_url_invalid'],
    ['file:///etc/passwd', 'providers_url_invalid'],
    ['http://user:pass@example.com', 'providers_url_invalid'],
    ['https://example.com/v1?key=1', 'providers_url_invalid'],
    ['https://example.com/v1#x', 'providers_url_invalid'],
    ['http://exa mple.com', 'providers_url_invalid'],
    ['http:\\\\example.com', 'providers_url_invalid'],
    [`http://${'x'.repeat(3_000)}.com`, 'providers_url_invalid'],
    ['http://169.254.169.254/latest', 'providers_address_forbidden'],
    ['http://0xA9FEA9FE/', 'providers_address_forbidden'],
    ['http://2852039166', 'providers_address_forbidden'],
    ['http://[::ffff:a9fe:a9fe]/', 'providers_address_forbidden'],
    ['http://metadata.google.internal', 'providers_address_forbidden'],
  ])('%s is refused with %s', (given, code) => {
    expect(() => normaliseBaseUrl(given)).toThrow(expect.objectContaining({ code, param: 'url' }))
  })

  it.each(['http://localhost:11434', '127.1:8000', 'http://[::1]', '10.0.0.5', 'http://box.local'])(
    'is for operators alone where it lies inside: %s',
    (given) => {
      expect(normaliseBaseUrl(given)).toMatch(/\/v1$/)
      expect(() => normaliseBaseUrl(given, 'public-only')).toThrow(
        expect.objectContaining({ code: 'providers_address_forbidden', param: 'url' }),
      )
    },
  )
})
