import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { describeIssue, fieldOf } from './describe-issue.ts'

function told(schema: z.ZodType, input: unknown): string {
  const issue = schema.safeParse(input).error?.issues[0]
  return issue === undefined ? 'nothing' : describeIssue(issue, input, 'the body')
}

const scope = z.enum(['chat', 'api'])

describe('what is wrong with an input', () => {
  it.each<[z.ZodType, unknown, string]>([
    [z.object({ n: z.string() }), {}, 'n is missing: it must be a text'],
    [z.object({ n: z.string() }), { n: 7 }, 'n must be a text, not 7'],
    [z.object({ n: z.string() }), { n: null }, 'n must be a text, not null'],
    [z.object({ n: z.string() }), { n: { a: 1 } }, 'n must be a text, not an object'],
    [z.object({ n: z.string() }), { n: [1, 2] }, 'n must be a text, not a list of 2'],
    [z.object({ n: z.boolean() }), { n: 'yes' }, 'n must be true or false, not "yes"'],
    [z.object({ n: z.array(z.int()) }), { n: 1 }, 'n must be a list, not 1'],
    [z.object({ n: z.int() }), { n: 0.5 }, 'n must be a whole number, not 0.5'],
    [z.object({ n: z.int().min(1) }), { n: 0 }, 'n must be at least 1, not 0'],
    [z.object({ n: z.int().max(9) }), { n: 10 }, 'n must be at most 9, not 10'],
    [z.object({ n: z.number().gt(0) }), { n: 0 }, 'n must be more than 0, not 0'],
    [z.object({ n: z.number().multipleOf(5) }), { n: 6 }, 'n must be a multiple of 5, not 6'],
    [z.object({ n: z.coerce.number() }), { n: 'x' }, 'n must be a number, not "x"'],
    [z.object({ n: z.string().min(1) }), { n: '' }, 'n must not be empty'],
    [z.object({ n: z.string().max(3) }), { n: 'abcd' }, 'n must have at most 3 characters, not 4'],
    [z.object({ n: z.array(scope).min(1) }), { n: [] }, 'n must not be empty'],
    [z.object({ n: scope }), { n: 'chta' }, 'n must be one of chat, api, not "chta"'],
    [z.object({ n: z.literal('a') }), { n: 'b' }, 'n must be a, not "b"'],
    [z.object({ n: z.email() }), { n: 'b' }, 'n must be an e-mail address, not "b"'],
    [z.object({ n: z.string().regex(/^x/) }), { n: 'b' }, 'n must be a valid regex, not "b"'],
    [z.object({ n: z.string().regex(/^x/, 'no a') }), { n: 'b' }, 'n must hold no a, not "b"'],
    [z.strictObject({}), { nmae: 1 }, 'the field nmae is not known here'],
    [z.object({}), 7, 'the body must be an object, not 7'],
    [z.object({}), undefined, 'the body is missing: it must be an object'],
  ])('%# is told', (schema, input, text) => {
    expect(told(schema, input)).toBe(text)
  })

  it('names an entry of a list, and of a list in a list', () => {
    const schema = z.object({ scopes: z.array(scope), list: z.array(z.object({ n: z.int() })) })
    expect(told(schema, { scopes: ['chat', 'x'], list: [] })).toBe(
      'scopes[1] must be one of chat, api, not "x"',
    )
    expect(told(schema, { scopes: [], list: [{ n: 'x' }] })).toMatch(/^list\[0\]\.n must be a/)
  })

  it('tells of several shapes the closest, or all of them', () => {
    const scopes = z.object({ scopes: z.union([z.tuple([z.literal('all')]), z.array(scope)]) })
    expect(told(scopes, { scopes: ['x'] })).toBe('scopes[0] must be one of all, chat, api, not "x"')
    expect(told(scopes, { scopes: 'chat' })).toBe('scopes must be a list, not "chat"')
    const days = z.object({ days: z.union([z.int(), z.literal('unlimited')]) })
    expect(told(days, { days: 'x' })).toMatch(/^days must be a \w+ ?\w* or unlimited, not "x"$/)
  })

  it('shows no secret, and shortens what is long', () => {
    const all = z.object({ api_key: z.int(), password: z.int(), name: z.int(), url: z.int() })
    const secret = 'baimo_K0wkDylp0PeQIrWxL3xjzFi1eQyu6hUUCEdc27DoXT'
    for (const [member, value] of [
      ['api_key', 'hush-hush'],
      ['password', 'hush-hush'],
      ['name', secret],
      ['url', 'https://user:hush-hush@example.org'],
    ] as const) {
      const text = told(all.pick({ [member]: true } as never), { [member]: value })
      expect(text).toContain(member)
      expect(text).not.toMatch(/hush|K0wk/)
    }
    const long = told(z.object({ n: z.int() }), { n: 'x\n'.repeat(1_000) })
    expect(long.length).toBeLessThan(120)
    expect(long).not.toContain('\n')
  })

  it('says which field it is for programs', () => {
    const issues = z.strictObject({ a: z.array(z.int()) }).safeParse({ a: ['x'], b: 1 })
      .error?.issues
    expect(issues?.map(fieldOf)).toEqual(['a[0]', 'b'])
  })
})
