import { describe, expect, it } from 'vitest'
import { PROVIDER_KINDS } from '../catalog/index.ts'
import { normaliseBaseUrl } from './normalise-base-url.ts'
import { kindOfHost, presetOf } from './presets.ts'

describe('presets', () => {
  it.each(PROVIDER_KINDS)('%s has an address that can be used as it stands, or none', (kind) => {
    const { baseUrl } = presetOf(kind)
    if (baseUrl !== null) expect(normaliseBaseUrl(baseUrl)).toBe(baseUrl)
  })

  it.each(PROVIDER_KINDS)('%s needs a key unless it may run on the operator’s own side', (kind) => {
    const { isLocal, needsKey } = presetOf(kind)
    expect(needsKey).toBe(!isLocal && kind !== 'generic')
  })

  it('tells services by their host', () => {
    expect(kindOfHost('api.openai.com')).toBe('openai')
    expect(kindOfHost('dashscope.aliyuncs.com')).toBe('qwen')
    expect(kindOfHost('127.0.0.1')).toBeNull()
    expect(kindOfHost('example.com')).toBeNull()
  })
})
