import { describe, expect, it } from 'vitest'
import { Refusal } from '../kernel/index.ts'
import { readVoteFile } from './read-vote-file.ts'

const VOTES = 'model_a,model_b,winner'
const COUNTS = 'model_a,model_b,a_wins,b_wins,ties,both_bad'

function refusalOf(...lines: string[]): { code: string; line: unknown; message: string } {
  try {
    readVoteFile(lines.join('\n'))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { code: error.code, line: error.details?.line, message: error.message }
  }
  throw new Error('it was not refused')
}

describe('a file of votes', () => {
  it('is read vote by vote, in its order', () => {
    const file = readVoteFile(
      [VOTES, 'b,a,model_a', 'a,c,model_b', 'b,c,tie', 'c,b,both_bad', 'a,b,tie (bothbad)'].join(
        '\n',
      ),
    )
    const unknown = { rater: null, prompt: null }
    expect(file).toEqual({
      kind: 'votes',
      promptDesignEffect: null,
      rows: [
        { modelA: 'b', modelB: 'a', choice: 'a', ...unknown },
        { modelA: 'a', modelB: 'c', choice: 'b', ...unknown },
        { modelA: 'b', modelB: 'c', choice: 'tie', ...unknown },
        { modelA: 'c', modelB: 'b', choice: 'both_bad', ...unknown },
        { modelA: 'a', modelB: 'b', choice: 'both_bad', ...unknown },
      ],
    })
  })

  it('may say who voted and what was asked, among columns of its own', () => {
    for (const name of ['rater', 'worker', 'judge']) {
      const file = readVoteFile(`id,${name},prompt_id,${VOTES}\n7,r1,p,x,y,a\n8,r2,p,x,y,b\n`)
      expect(file.rows).toEqual([
        { modelA: 'x', modelB: 'y', choice: 'a', rater: 'r1', prompt: 'p' },
        { modelA: 'x', modelB: 'y', choice: 'b', rater: 'r2', prompt: 'p' },
      ])
    }
  })

  it('may be JSON lines, with numbers for who voted', () => {
    const csv = readVoteFile('model_a,model_b,winner,worker,prompt_id\nx,"y,\n""z""",tie,7,p\n')
    const row = {
      model_a: 'x',
      model_b: 'y,\n"z"',
      winner: 'tie',
      worker: 7,
      prompt_id: 'p',
      u: [],
    }
    const json = readVoteFile(`\ufeff${JSON.stringify(row)}\r\n\n`)
    expect(json).toEqual(csv)
  })

  it('takes no label for a tie that it does not know', () => {
    for (const label of ['', 'Tie', 'draw', 'model_c', ' tie', 'A'])
      expect(refusalOf(VOTES, 'x,y,tie', `x,y,${label}`)).toMatchObject({
        code: 'ratings_label_unknown',
        line: 3,
        message: expect.stringContaining(`Line 3 has the winner ${JSON.stringify(label)}`),
      })
  })

  it('names the line of a model against itself, of a name with spaces, and of a wrong width', () => {
    expect(refusalOf(VOTES, 'x,y,a', 'y,y,a')).toMatchObject({ code: 'ratings_self_play', line: 3 })
    expect(refusalOf(VOTES, ',y,a')).toMatchObject({ code: 'ratings_name_invalid', line: 2 })
    expect(refusalOf(VOTES, 'x,y ,a')).toMatchObject({ code: 'ratings_name_invalid', line: 2 })
    expect(refusalOf(VOTES, 'x,y')).toMatchObject({ code: 'ratings_file_malformed', line: 2 })
    expect(refusalOf(`${VOTES},rater`, 'x,y,a,')).toMatchObject({ code: 'ratings_name_invalid' })
  })

  it('is refused when it is empty or only a head', () => {
    for (const text of ['', '\n\n', '\ufeff', VOTES, `${VOTES}\n`])
      expect(refusalOf(text).code).toBe('ratings_file_empty')
    expect(refusalOf(COUNTS, 'x,y,0,0,0,0').code).toBe('ratings_file_empty')
  })

  it('is refused when it names more models than a board takes', () => {
    const lines = Array.from({ length: 3_001 }, (_, at) => `m${at},m${at + 1},a`)
    expect(refusalOf(VOTES, ...lines)).toMatchObject({ code: 'ratings_too_many_models' })
  })
})

describe('a file of counts', () => {
  it('is read with large counts, without columns of ties, and with the effect of prompts', () => {
    const head = '# prompt_design_effect: 1.5\n'
    expect(readVoteFile(`${head}${COUNTS},rater\nx,y,1000000000,2,3.0,1e3,r\n`)).toEqual({
      kind: 'counts',
      promptDesignEffect: 1.5,
      rows: [
        { modelA: 'x', modelB: 'y', aWins: 1e9, bWins: 2, ties: 3, bothBad: 1000, rater: 'r' },
      ],
    })
    const short = readVoteFile('{"model_a":"x","model_b":"y","a_wins":4,"b_wins":0}\n')
    expect(short.rows).toEqual([
      { modelA: 'x', modelB: 'y', aWins: 4, bWins: 0, ties: 0, bothBad: 0, rater: null },
    ])
  })

  it('takes no negative, fractional, missing or endless count', () => {
    for (const count of ['-1', '0.5', '', 'NaN', 'Infinity', '1e13', '1,5', '0x10', ' 1'])
      expect(refusalOf(COUNTS, 'x,y,1,1,1,1', `x,y,1,"${count}",1,1`)).toMatchObject({
        code: 'ratings_count_invalid',
        line: 3,
      })
    const row = (value: unknown) =>
      JSON.stringify({ model_a: 'x', model_b: 'y', a_wins: 1, b_wins: value })
    expect(refusalOf(row(1), row(-1))).toMatchObject({ code: 'ratings_count_invalid', line: 2 })
    expect(refusalOf(row(1), row(0.5))).toMatchObject({ code: 'ratings_count_invalid', line: 2 })
    expect(refusalOf(row(1), row(true))).toMatchObject({ code: 'ratings_file_malformed', line: 2 })
    expect(refusalOf(row(1), row(null))).toMatchObject({ code: 'ratings_columns_unknown', line: 2 })
  })
})

describe('the columns of a file', () => {
  it('are refused when they are missing, doubled or ambiguous', () => {
    for (const head of [
      'a,b',
      'model_a,winner',
      'model_a,model_b',
      'model_a,model_b,a_wins',
      `${VOTES},winner`,
      `${COUNTS},winner`,
      `${VOTES},rater,judge`,
      '{"model_a":"x"}',
    ])
      expect(refusalOf(head, 'x,y,z')).toMatchObject({ code: 'ratings_columns_unknown', line: 1 })
    expect(refusalOf('model_a;model_b;winner').message).toContain('something else than commas')
    expect(refusalOf('{"model_a":"x",', '}').code).toBe('ratings_file_malformed')
    expect(refusalOf('[1]', 'x').code).toBe('ratings_columns_unknown')
  })
})
