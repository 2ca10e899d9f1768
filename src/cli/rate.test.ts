import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { goldenVerdict } from '../../tests/support/golden-verdict.ts'
import { readSharedData } from '../../tests/support/shared-data.ts'
import { recorder } from '../../tests/support/terminal.ts'
import { readVoteFile } from '../ratings/index.ts'
import { runCommandLine } from './program.ts'
import type { RateReport } from './rate/report.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baimo-rate-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const COUNTS = 'model_a,model_b,a_wins,b_wins,ties,both_bad'

/** The golden board `small`, its models a to d. */
const small = [
  COUNTS,
  ...(goldenVerdict.boards.small?.pairs ?? []).map(
    ([first, second, wins, losses, ties]) =>
      `${'abcd'[first]},${'abcd'[second]},${wins},${losses},${ties},0`,
  ),
].join('\n')

async function rate(text: string, ...options: string[]) {
  const path = join(folder, 'votes.csv')
  writeFileSync(path, text)
  const terminal = recorder()
  const code = await runCommandLine(['rate', path, ...options], terminal, {})
  return { code, ...terminal.said }
}

async function report(text: string, ...options: string[]): Promise<RateReport> {
  const { code, out, err } = await rate(text, '--json', ...options)
  expect([code, err]).toEqual([0, ''])
  return JSON.parse(out) as RateReport
}

/** The file of llmfao as counts by rater and pair. */
function countByRater(text: string): string {
  const file = readVoteFile(text)
  if (file.kind !== 'votes') throw new Error('they are votes')
  const counts = new Map<string, number[]>()
  for (const { modelA, modelB, choice, rater } of file.rows) {
    const key = `"${modelA}","${modelB}",${rater}`
    const own = counts.get(key) ?? [0, 0, 0, 0]
    const kind = ['a', 'b', 'tie', 'both_bad'].indexOf(choice)
    own[kind] = (own[kind] ?? 0) + 1
    counts.set(key, own)
  }
  const lines = [...counts].map(([key, own]) => `${key},${own.join()}`)
  return ['model_a,model_b,rater,a_wins,b_wins,ties,both_bad', ...lines].join('\n')
}

describe('baimo rate --json', () => {
  it('is the board of the golden numbers, in the shape that is promised', async () => {
    const found = await report(small)
    expect(Object.keys(found)).toEqual([
      'votes',
      'models',
      'method',
      'fit_ms',
      'board',
      'claims',
      'diagnostics',
    ])
    expect([found.votes, found.models, found.method]).toEqual([60, 4, 'penalised'])
    expect(Object.keys(found.board[0] ?? {})).toEqual([
      'model',
      'rating',
      'se',
      'low',
      'high',
      'votes',
      'rank_low',
      'rank_high',
      'tier',
    ])
    expect(found.board.map(({ model }) => model)).toEqual(['a', 'b', 'c', 'd'])
    for (const [at, rating] of [1140.46233, 1032.04068, 954.545152, 872.951841].entries())
      expect(found.board[at]?.rating).toBeCloseTo(rating, 4)
    expect(found.board[0]).toMatchObject({ votes: 30, rank_low: 1, rank_high: 4, tier: 1 })
    expect(found.board[0]?.se).toBeCloseTo(47.5573277, 5)
    expect(found.board[0]?.low).toBeCloseTo(1052.42318, 4)
    expect(found.claims).toHaveLength(6)
    expect(Object.keys(found.claims[0] ?? {})).toEqual([
      'better',
      'worse',
      'gap',
      'log_e',
      'status',
      'tolerance',
      'caveats',
    ])
    expect(found.claims[0]?.caveats).toEqual(['matchups_unchecked'])
    expect(found.claims[0]).toMatchObject({ better: 'a', worse: 'd', status: 'undecided' })
    expect(found.claims[0]?.log_e).toBeCloseTo(2.50138052, 6)
    expect(found.diagnostics.threshold).toBeCloseTo(230.402582, 4)
    expect(found.diagnostics.islands).toEqual([['a', 'b', 'c', 'd']])
  })

  it('says the same of votes one by one, from standard input, as JSON lines', async () => {
    const votes = small
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const [model_a, model_b, ...counts] = line.split(',')
        const labels = ['model_a', 'model_b', 'tie']
        return labels.flatMap((winner, at) =>
          Array.from({ length: Number(counts[at]) }, () =>
            JSON.stringify({ model_a, model_b, winner }),
          ),
        )
      })
    const terminal = recorder(votes.join('\n'))
    expect(await runCommandLine(['rate', '-', '--json'], terminal, {})).toBe(0)
    const found = JSON.parse(terminal.said.out) as RateReport
    expect(found.board).toEqual((await report(small)).board)
  })

  it('has ratings by every method, and claims by those that make them', async () => {
    for (const method of ['mle', 'rao-kupper', 'davidson', 'arena-rank'] as const) {
      const found = await report(small, '--method', method)
      expect(found.method).toBe(method)
      expect(found.board.map(({ model }) => model)).toEqual(['a', 'b', 'c', 'd'])
      const makesClaims = method === 'mle'
      expect(found.claims.length > 0).toBe(makesClaims)
      expect(found.board[0]?.tier).toBe(makesClaims ? 1 : null)
      const { low, rating, high } = found.board[0] ?? {}
      expect(Number(low)).toBeLessThan(Number(rating))
      expect(Number(high)).toBeGreaterThan(Number(rating))
    }
    const ties = await report(small, '--method', 'rao-kupper')
    expect(ties.diagnostics.tie_parameter).toBeCloseTo(0.584504319, 8)
  })

  it('has the islands of what a model of ties counts: votes of both_bad join nothing', async () => {
    const text = `${COUNTS}\na,b,30,5,5,0\nc,d,20,10,5,0\nb,c,0,0,0,3`
    const plain = await report(text, '--method', 'davidson')
    expect(plain.diagnostics.islands).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
    expect(plain.votes).toBe(75)
    expect(plain.board.map(({ votes }) => votes)).toEqual([40, 40, 35, 35])
    expect(plain.diagnostics.checks.find(({ name }) => name === 'connected')?.state).toBe('failed')
    const found = await report(text, '--method', 'davidson', '--anchor', 'a=1500')
    expect(found.board[0]?.rating).toBeCloseTo(1500, 9)
    expect(found.board.slice(2)).toEqual(plain.board.slice(2))
    expect((await report(text)).diagnostics.islands).toHaveLength(1)
  })

  it('widens intervals of models of ties for raters, and leaves those of arena-rank', async () => {
    const row = (n: number, side: string) => `a,b,${side},2,0,r${n}`
    const rows = Array.from({ length: 12 }, (_, n) => row(n, n % 2 === 0 ? '8,1' : '2,7'))
    const byRater = `${COUNTS},rater\n${rows.join('\n')}`
    const unknown = `${COUNTS}\n${rows.map((line) => line.replace(/,r\d+$/, '')).join('\n')}`
    const half = async (text: string, method: string) => {
      const { board } = await report(text, '--method', method)
      return Number(board[0]?.high) - Number(board[0]?.rating)
    }
    expect(await half(byRater, 'davidson')).toBeGreaterThan(1.5 * (await half(unknown, 'davidson')))
    expect(await half(byRater, 'arena-rank')).toBeCloseTo(await half(unknown, 'arena-rank'), 9)
  })

  it('anchors a model, and its island with it', async () => {
    const text = `${small}\nx,y,3,2,1,0`
    const plain = await report(text)
    const found = await report(text, '--anchor', 'c=1114')
    const of = (name: string, { board }: RateReport) =>
      board.find(({ model }) => model === name)?.rating ?? 0
    expect(of('c', found)).toBeCloseTo(1114, 9)
    expect(of('a', found) - of('c', found)).toBeCloseTo(of('a', plain) - of('c', plain), 9)
    expect(of('x', found)).toBe(of('x', plain))
    expect(found.diagnostics.islands).toEqual([
      ['a', 'b', 'c', 'd'],
      ['x', 'y'],
    ])
    expect(of('a', await report(text, '--anchor', 'a'))).toBeCloseTo(1000, 9)
  })

  it('names raters, and takes the effect of prompts from the head of a file', async () => {
    const rows = ['ann', 'bob', 'eve'].flatMap((rater) =>
      ['a,b,4,2,1,0', 'b,c,3,2,0,1', 'a,c,3,1,0,0'].map((row) => `${row},${rater}`),
    )
    const text = `# prompt_design_effect: 1.5\n${COUNTS},rater\n${rows.join('\n')}`
    const { diagnostics } = await report(text)
    expect(diagnostics.raters).toBe(3)
    expect(diagnostics.design_effect?.prompt).toBe(1.5)
    expect(diagnostics.influential_raters.map(({ rater }) => rater).toSorted()).toEqual([
      'ann',
      'bob',
      'eve',
    ])
  })

  it('is reproduced from counts by rater, with the effect of prompts in their head', async () => {
    const path = join(import.meta.dirname, '../../tests/fixtures/ratings/llmfao-votes.csv')
    const whole = await report(readFileSync(path, 'utf8'))
    expect(whole.diagnostics).toMatchObject({ certified: 0, leaning: 214, tiers: 1 })
    expect(whole.board[0]).toMatchObject({ model: 'GPT 4', rank_low: 1, rank_high: 59 })
    expect(whole.board[0]?.high).toBeCloseTo(1301.29993, 4)
    const lines = countByRater(readFileSync(path, 'utf8'))
    const effect = whole.diagnostics.design_effect?.prompt
    const counts = await report(`# prompt_design_effect: ${effect}\n${lines}`)
    expect(counts.board).toEqual(whole.board)
    expect(counts.claims).toEqual(whole.claims)
  })

  it('knows nothing of a model without votes, and says so with null', async () => {
    const found = await report(`${small}\nd,e,0,0,0,0`)
    expect(found.board.at(-1)).toMatchObject({ model: 'e', rating: null, low: null, votes: 0 })
  })

  it('takes a billion votes, and names with commas, quotes, newlines and emoji', async () => {
    const name = '"x, ""1""\n🦙"'
    const found = await report(`${COUNTS}\n${name},y,600000000,400000000,0,0`)
    expect(found.votes).toBe(1e9)
    expect(found.board[0]?.model).toBe('x, "1"\n🦙')
    expect(found.claims[0]).toMatchObject({ status: 'certified' })
  })

  const arena = readSharedData('arena-20240814/pairs.csv')
  it.skipIf(arena === null)('is the golden board of 1.67 million real votes', async () => {
    const { diagnostics, board } = await report(arena ?? '')
    const golden = goldenVerdict.arena_20240814
    const { certified, leaning, tiers } = golden.with_matchup_spread
    expect(diagnostics).toMatchObject({ certified, leaning, tiers })
    for (const [at, { model, rating, tier }] of golden.top.entries()) {
      expect(board[at]).toMatchObject({ model, tier })
      expect(board[at]?.rating).toBeCloseTo(rating, 4)
    }
  })
})

describe('baimo rate, for people', () => {
  it('begins with a sentence, then the board, claims and whether to trust them', async () => {
    const { code, out } = await rate(small)
    expect(code).toBe(0)
    expect(out).toMatch(
      /^a leads here, but votes do not tell it from 3 rivals; .*\.\n\nTIER {2}RANKS/,
    )
    expect(out).toMatch(/1 +1–4 +a +1140\.5 +1052 – 1238 +30 +.*●/)
    expect(out).toContain('Claims: of 6 pairs 0 certified, 0 leaning, 6 undecided; 1 tier.')
    expect(out).toContain('Can I trust this?\n  ✓ The ratings are the exact optimum.')
    expect(out).toMatch(/60 votes on 4 models, rated in [\d.]+ m?s \(penalised\)\.\n$/)
  })

  it('leaves whiskers out where they do not fit, and shows islands apart', async () => {
    const terminal = recorder(`${small}\nx,y,3,2,1,0`, { columns: 70 })
    expect(await runCommandLine(['rate', '-'], terminal, {})).toBe(0)
    expect(terminal.said.out).not.toContain('●')
    expect(terminal.said.out).toContain('Island 2: 2 models, on a scale of their own')
    expect(Math.max(...terminal.said.out.split('\n').map((line) => line.length))).toBeLessThan(130)
  })

  it('helps with an example', async () => {
    const terminal = recorder()
    expect(await runCommandLine(['rate', '--help'], terminal, {})).toBe(0)
    expect(terminal.said.out).toContain('rate votes.csv --anchor llama-3-8b=1000')
  })
})

describe('what cannot be rated', () => {
  it.each([
    ['', 'ratings_file_empty'],
    ['model_a,model_b,winner\nx,y,draw\n', 'ratings_label_unknown'],
    ['model_a,model_b,winner\nx,x,tie\n', 'ratings_self_play'],
    [`${COUNTS}\nx,y,-1,2,0,0`, 'ratings_count_invalid'],
    [`${COUNTS}\nx,y,0.5,2,0,0`, 'ratings_count_invalid'],
    ['a,b,c\n1,2,3', 'ratings_columns_unknown'],
  ])('%j is refused with one line and its code', async (text, code) => {
    const plain = await rate(text)
    expect([plain.code, plain.out]).toEqual([1, ''])
    expect(plain.err).toMatch(/^baimo: .*\.\n$/)
    const json = await rate(text, '--json')
    expect(JSON.parse(json.err).error.code).toBe(code)
  })

  it('names the line of what is wrong', async () => {
    const { err } = await rate('model_a,model_b,winner\nx,y,tie\ny,x,Draw\n')
    expect(err).toContain('Line 3 has the winner "Draw"')
  })

  it('is a method that has no answer here', async () => {
    const noTies = `${COUNTS}\nx,y,3,2,0,0`
    const codeOf = async (...options: string[]) =>
      JSON.parse((await rate(noTies, '--json', ...options)).err).error.code
    expect(await codeOf('--method', 'davidson')).toBe('ratings_tie_parameter_missing')
    expect(await codeOf('--anchor', 'z')).toBe('cli_anchor_unknown')
    expect((await rate(noTies, '--method', 'elo')).code).toBe(2)
    const onlyWins = await rate(`${COUNTS}\nx,y,3,0,0,0`, '--json', '--method', 'mle')
    expect(JSON.parse(onlyWins.err).error.code).toBe('ratings_no_maximum')
  })

  it('is a file that is not there, a folder, or no UTF-8', async () => {
    const path = join(folder, 'wrong.csv')
    writeFileSync(path, Buffer.from([0xff, 0xfe, 0x61, 0x00]))
    for (const [file, words] of [
      [join(folder, 'gone.csv'), 'There is no file'],
      [folder, 'is a folder'],
      [path, 'is not UTF-8'],
    ] as const) {
      const terminal = recorder()
      expect(await runCommandLine(['rate', file], terminal, {})).toBe(1)
      expect(terminal.said.err).toContain(words)
    }
  })
})
