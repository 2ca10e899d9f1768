import type { AddressPolicy } from '../catalog/index.ts'
import { refuseProvider } from './errors.ts'
import { refuseForbiddenHost } from './guard-address.ts'

const MAX_LENGTH = 2_048

/**
 * The base URL to keep for an address as a person gives it: without a trailing slash, and with `/v1`
 * where only an origin was given. `http://localhost:11434` → `http://localhost:11434/v1`,
 * `localhost:1234` → `http://localhost:1234/v1`, `https://api.example.com/v1/` → `…/v1`. A pasted
 * `/chat/completions`, `/models` or the like is cut off.
 * Throws `providers_url_invalid`, `providers_address_forbidden`.
 */
export function normaliseBaseUrl(text: string, policy: AddressPolicy = 'private-allowed'): string {
  const url = parse(text.trim())
  if (url.username !== '' || url.password !== '') {
    throw invalid('Leave the user and password out of the address: give the key on its own.')
  }
  if (url.search !== '' || url.hash !== '') {
    throw invalid('Leave everything from "?" or "#" on out of the address.')
  }
  refuseForbiddenHost(url.hostname, policy)
  const path = url.pathname
    .replace(/\/+$/, '')
    .replace(/\/(chat\/completions|completions|embeddings|models|responses)$/, '')
  return `${url.origin}${path === '' ? '/v1' : path}`
}

function parse(text: string): URL {
  if (text === '' || text.length > MAX_LENGTH || /[\s\\]/.test(text)) {
    throw invalid('Give an address such as http://localhost:11434 or https://api.example.com/v1.')
  }
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
  const url = URL.parse(hasScheme ? text : `http://${text}`)
  if (url === null || url.hostname === '') {
    throw invalid('Give an address such as http://localhost:11434 or https://api.example.com/v1.')
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw invalid('Only http and https addresses can be used.')
  }
  return url
}

function invalid(message: string): Error {
  return refuseProvider('providers_url_invalid', message, { param: 'url' })
}
