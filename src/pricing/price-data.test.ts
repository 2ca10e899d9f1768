import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { calcPrice, findProvider } from '@pydantic/genai-prices'
import { describe, expect, it } from 'vitest'
import { type Json, parseJson } from '../kernel/index.ts'
import { compilePrice, costOf } from './cost-of.ts'
import { loadData } from './load-data.ts'
import { openPriceData } from './price-data.ts'
import { buildSchedule, inForce } from './schedule.ts'

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'data')
const data = loadData(folder)

function dollars(baseUrl: string, upstreamModel: string, at: string): number | string | null {
  const listing = {
    ...{ listingId: '', modelId: '', providerId: '', isHere: false },
    ...{ baseUrl, upstreamModel },
  }
  const listed = data.prices.versionsFor(listing)
  const schedule = buildSchedule(listing, [], { listed, modelIds: new Set() })
  const atMs = Date.parse(at)
  const found = inForce(schedule, atMs)
  if (found === null) return null
  const tokens = {
    input: 800_000,
    cachedInput: 150_000,
    cacheWrite: 0,
    output: 9_000,
    reasoning: 0,
  }
  const cost = costOf(found.price, tokens, { atMs, computeMs: null })
  return cost.isKnown ? Number(cost.amountPico) / 1e12 : cost.reason
}

describe('the prices that ship', () => {
  it('are all readable, and every one can be compiled', () => {
    const text = readFileSync(join(folder, 'prices', 'genai-prices.json'), 'utf8')
    const extract = parseJson(text) as { providers: { id: string; models: { id: string }[] }[] }
    let count = 0
    for (const provider of extract.providers) {
      for (const { id } of provider.models) {
        const one = {
          ...extract,
          providers: [
            {
              ...provider,
              address: '.*',
              models: [{ ...modelOf(provider, id), match: { equals: id } }],
            },
          ],
        }
        const versions = openPriceData([], one as unknown as Json).versionsFor({
          baseUrl: 'https://x.example',
          upstreamModel: id,
        })
        expect(versions.length, id).toBeGreaterThan(0)
        for (const version of versions) compilePrice(version)
        count += 1
      }
    }
    expect(count).toBeGreaterThan(1_000)
  })

  it.each([
    ['https://api.openai.com/v1', 'openai', 'gpt-4o-mini', '2026-11-25T12:00:00Z'],
    ['https://api.openai.com/v1', 'openai', 'o3', '2025-06-09T12:00:00Z'],
    ['https://api.openai.com/v1', 'openai', 'o3', '2025-06-11T12:00:00Z'],
    ['https://api.deepseek.com/v1', 'deepseek', 'deepseek-chat', '2026-11-25T12:00:00Z'],
    ['https://api.deepseek.com/v1', 'deepseek', 'deepseek-chat', '2026-11-25T20:00:00Z'],
    ['https://api.deepseek.com/v1', 'deepseek', 'deepseek-v4-pro', '2026-11-25T02:00:00Z'],
    ['https://api.mistral.ai/v1', 'mistral', 'mistral-large-latest', '2026-11-25T12:00:00Z'],
    [
      'https://generativelanguage.googleapis.com/v1beta/openai',
      'google',
      'gemini-2.5-pro',
      '2026-11-25T12:00:00Z',
    ],
    ['https://openrouter.ai/api/v1', 'openrouter', 'qwen/qwen3-max', '2026-11-25T12:00:00Z'],
  ])('at %s agree with the package they are from: %s %s at %s', (url, provider, model, at) => {
    expect(findProvider({ providerId: provider })).toBeDefined()
    const usage = { input_tokens: 950_000, cache_read_tokens: 150_000, output_tokens: 9_000 }
    const theirs = calcPrice(usage, model, { providerId: provider, timestamp: new Date(at) })
    expect(dollars(url, model, at)).toBeCloseTo(theirs?.total_price ?? Number.NaN, 9)
  })

  it('know Qwen where it answers, in the currency of the place, from the day that is told', () => {
    const intl = 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1'
    expect(dollars(intl, 'qwen3-max', '2026-11-25')).toBeCloseTo(
      0.8 * 3 + 0.15 * 0.6 + 0.009 * 15,
      9,
    )
    expect(dollars(intl, 'qwen3-max', '2026-08-11')).toBeNull()
    const versions = data.prices.versionsFor({
      baseUrl: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
      upstreamModel: 'qwen3-max',
    })
    expect(versions.map(({ currency }) => currency)).toEqual(['CNY'])
  })

  it('know nothing of servers of one’s own, whatever their models are called', () => {
    expect(dollars('http://localhost:11434/v1', 'gpt-4o', '2026-11-25')).toBeNull()
    expect(dollars('https://llm.intranet.example/v1', 'gpt-4o', '2026-11-25')).toBeNull()
  })

  it.each([
    ['https://api.openai.com.evil.example/v1', 'gpt-4o'],
    ['https://api.openai.com@evil.example/v1', 'gpt-4o'],
    ['https://mine.example/x.googleapis.com/v1', 'gemini-2.5-pro'],
    ['https://proxy.corp.example/openai.googleapis.com', 'gemini-2.5-pro'],
    ['https://mine.example/x.openai.azure.com/v1', 'gpt-4o'],
    ['https://api.moonshot.cn/v1', 'kimi-k2-0905-preview'],
    ['https://api.minimaxi.com/v1', 'MiniMax-M2'],
    ['https://open.bigmodel.cn/api/paas/v4', 'GLM-4.7'],
  ])(
    'know nothing of a host whose address only looks alike, or that bills in yuan: %s',
    (url, model) => {
      expect(dollars(url, model, '2026-11-25')).toBeNull()
    },
  )

  it.each([
    ['https://api.moonshot.ai/v1', 'kimi-k2-0905-preview'],
    ['https://api.minimax.io/v1', 'MiniMax-M2'],
    ['https://api.openai.com', 'gpt-4o'],
    ['https://api.openai.com:443/v1', 'gpt-4o'],
    ['https://mine.openai.azure.com/openai/v1', 'gpt-4o'],
    ['https://api.arcee.ai/api/v1', 'trinity-large-thinking'],
  ])('know %s', (url, model) => {
    expect(dollars(url, model, '2026-11-25')).not.toBeNull()
  })

  it('hold rates of the European Central Bank', () => {
    expect(data.rates.find(({ quote }) => quote === 'CNY')).toMatchObject({
      base: 'EUR',
      text: '7.9989',
      day: '2026-05-08',
    })
  })
})

function modelOf(provider: { models: { id: string }[] }, id: string) {
  return provider.models.find((model) => model.id === id)
}
