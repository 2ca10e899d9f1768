import { describe, expect, it } from 'vitest'
import { hubsOf } from './known-hubs.ts'
import { mayRedirectTo, policyOf } from './may-redirect-to.ts'

const none = { endpoint: null, token: null }
const { hf, ms } = hubsOf({ hf: none, ms: none }, ['*.cdn.example.org', 'files.example.net'])
const mirror = hubsOf(
  { hf: { endpoint: 'https://hub.example.com/hf', token: null }, ms: none },
  [],
).hf
const literal = hubsOf({ hf: { endpoint: 'http://10.0.0.1:80', token: null }, ms: none }, []).hf

describe('where a hub may send us', () => {
  it.each([
    'huggingface.co',
    'cdn-lfs.huggingface.co',
    'cdn-lfs-us-1.hf.co',
    'cas-bridge.xethub.hf.co',
    'us.aws.cdn.hf.co',
    'a.cdn.example.org',
    'files.example.net',
    'HuggingFace.co.',
  ])('Hugging Face to %s', (host) => {
    expect(mayRedirectTo(hf, host)).toBe(true)
  })

  it.each([
    'evil.example.org',
    'huggingface.co.evil.org',
    'evilhuggingface.co',
    'cdn.example.org.evil',
    'cdn.example.org',
    '127.0.0.1',
    '169.254.169.254',
    'localhost',
    'www.modelscope.cn',
    'modelscope.oss-cn-beijing.aliyuncs.com',
  ])('Hugging Face not to %s', (host) => {
    expect(mayRedirectTo(hf, host)).toBe(false)
  })

  it('ModelScope to its own hosts and buckets alone', () => {
    expect(mayRedirectTo(ms, 'cdn-lfs-cn-1.modelscope.cn')).toBe(true)
    expect(mayRedirectTo(ms, 'modelscope-models.oss-cn-hangzhou.aliyuncs.com')).toBe(true)
    expect(mayRedirectTo(ms, 'anybody.oss-cn-hangzhou.aliyuncs.com')).toBe(false)
    expect(mayRedirectTo(ms, 'modelscope.evil.oss-cn-hangzhou.aliyuncs.com')).toBe(false)
  })

  it('a mirror to itself, below itself, and where its hub sends', () => {
    expect(mayRedirectTo(mirror, 'hub.example.com')).toBe(true)
    expect(mayRedirectTo(mirror, 'cdn.hub.example.com')).toBe(true)
    expect(mayRedirectTo(mirror, 'cdn-lfs.hf.co')).toBe(true)
    expect(mayRedirectTo(mirror, 'example.com')).toBe(false)
    expect(mayRedirectTo(literal, '1.10.0.0.1')).toBe(false)
  })
})

describe('inside this network may be', () => {
  it.each([
    ['the mirror that the operator named', mirror, 'hub.example.com'],
    ['a mirror named by its address', literal, '10.0.0.1'],
    ['a host of BAIMO_HUB_HOSTS', hf, 'files.example.net'],
    ['a host below one of BAIMO_HUB_HOSTS', hf, 'a.CDN.example.org.'],
  ])('%s', (_, hub, host) => {
    expect(policyOf(hub, host)).toBe('private-allowed')
  })

  it.each([
    ['the usual hub', hf, 'huggingface.co'],
    ['a host below the mirror', mirror, 'cdn.hub.example.com'],
    ['a host that the hub is known to send to', mirror, 'cdn-lfs.hf.co'],
  ])('not %s', (_, hub, host) => {
    expect(policyOf(hub, host)).toBe('public-only')
  })
})
