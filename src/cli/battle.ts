import { createInterface } from 'node:readline/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, Option } from 'commander'
import type { BattleJson } from '../arena/index.ts'
import { isJsonObject, parseJson } from '../kernel/index.ts'
import type { MarketClient } from './client.ts'
import { columnHeads, openColumns } from './column-rows.ts'
import {
  type CommonOptions,
  type Desk,
  printJson,
  printLines,
  printTable,
  withJson,
} from './command.ts'
import { Failure, usageFailure } from './failure.ts'
import { REVEAL_COLUMNS, revealRows } from './format-reveal.ts'
import { interrupted, onInterrupt } from './interrupt.ts'
import { readKey } from './read-key.ts'
import { readNamedEvents } from './read-named-events.ts'
import { printable, type Terminal } from './terminal.ts'
import { BAIMO } from './words.ts'

interface BattleOptions extends CommonOptions {
  readonly modelA?: string
  readonly modelB?: string
  readonly vote?: Choice
  readonly league?: string
  readonly keep?: boolean
}

const CHOICES = ['a', 'b', 'tie', 'both_bad'] as const
type Choice = (typeof CHOICES)[number]
const CHOICE_OF: Readonly<Record<string, Choice>> = { 1: 'a', 2: 'b', 3: 'tie', 4: 'both_bad' }
const KEYS = '1 A is better   2 B is better   3 tie   4 both are bad   q no vote'
/** Narrower terminals show one answer after the other. */
const LEAST_CELLS = 80
const MOST_BREAKS = 5
const LOOK_MS = 250
const MOST_LOOKS = 40

const HELP = `
Two models answer, hidden; you vote with the keys 1 to 4, and then they are named.
With --model-a and --model-b both are named: a comparison, which counts nowhere.
  ${BAIMO} battle "Why is there a tide?"
  ${BAIMO} battle --model-a baimo/abacus-small --model-b baimo/abacus-large "17 + 25 ="`

/** `baimo battle`: two answers side by side, and a vote. */
export function addBattleCommand(program: Command, desk: Desk): void {
  const command = program
    .command('battle')
    .argument('[prompt...]', 'what to ask both')
    .description('ask two hidden models the same, vote, and see who they were')
    .option('--model-a <name>', 'with --model-b: these two, named')
    .option('--model-b <name>', 'the other one')
    .option('--league <league>', 'models, practice or apps')
    .option('--keep', 'keep question and answers after the vote; else they are forgotten')
    .addOption(new Option('--vote <choice>', 'vote without a key').choices(CHOICES))
    .addHelpText('after', HELP)
  withJson(command).action(async (words: string[], options: BattleOptions) => {
    const { modelA, modelB } = options
    if ((modelA === undefined) !== (modelB === undefined))
      throw usageFailure('A comparison has two models: give --model-a and --model-b.')
    const prompt = await readPrompt(desk.terminal, words)
    const interrupt = onInterrupt()
    try {
      await fight(desk, { prompt, options, signal: interrupt.signal })
    } finally {
      interrupt.end()
    }
  })
}

async function readPrompt(terminal: Terminal, words: readonly string[]): Promise<string> {
  const given = words.join(' ').trim()
  if (given !== '') return given
  const text = terminal.isInTerminal ? await askPrompt() : await terminal.readInput()
  if (text.trim() === '') throw usageFailure('The prompt is empty. Give some text.')
  return text.trim()
}

async function askPrompt(): Promise<string> {
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await asking.question('What do you ask both? ')
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') throw interrupted()
    throw error
  } finally {
    asking.close()
  }
}

interface Fight {
  readonly prompt: string
  readonly options: BattleOptions
  readonly signal: AbortSignal
}

async function fight(desk: Desk, { prompt, options, signal }: Fight): Promise<void> {
  const market = desk.market()
  const { modelA, modelB, league, keep = false } = options
  const battle = await market.call<BattleJson>('POST', '/api/battles', {
    body: {
      prompt,
      consent: { prompt: keep, answers: keep },
      ...(league === undefined ? {} : { league }),
      ...(modelA === undefined || modelB === undefined ? {} : { models: [modelA, modelB] }),
    },
    signal,
  })
  const { terminal } = desk
  const isQuiet = options.json === true
  const show = isQuiet ? SILENT : openShow(terminal, battle)
  const byKey = !isQuiet && options.vote === undefined && canAsk(terminal)
  const choice = await follow(market, battle, { show, byKey, signal })
  const wanted = options.vote ?? choice
  const path = `/api/battles/${battle.id}`
  const first =
    wanted === null
      ? await market.get<BattleJson>(path)
      : await market.call<BattleJson>('POST', `${path}/vote`, { body: { choice: wanted }, signal })
  const after = wanted === null ? first : await whenEnded(market, first, signal)
  if (isQuiet) return printJson(terminal, after)
  tellEnd(terminal, after)
}

/** Cost, time and tokens are known once both have ended: a vote may be earlier. */
async function whenEnded(
  market: MarketClient,
  voted: BattleJson,
  signal: AbortSignal,
): Promise<BattleJson> {
  let battle = voted
  for (let look = 0; look < MOST_LOOKS && battle.is_answering; look += 1) {
    await sleep(LOOK_MS, undefined, { signal })
    battle = await market.get<BattleJson>(`/api/battles/${battle.id}`)
  }
  return battle
}

function tellEnd(terminal: Terminal, { reveal, vote }: BattleJson): void {
  printLines(terminal, '', vote === null ? 'No vote.' : `Your vote: ${nameOf(vote.choice)}.`)
  if (reveal !== null) printTable(terminal, REVEAL_COLUMNS, revealRows(reveal), '')
}

function nameOf(choice: Choice): string {
  return { a: 'A is better', b: 'B is better', tie: 'a tie', both_bad: 'both are bad' }[choice]
}

function canAsk({ isInTerminal, isOutTerminal }: Terminal): boolean {
  return isInTerminal && isOutTerminal
}

interface Following {
  readonly show: Show
  readonly byKey: boolean
  readonly signal: AbortSignal
}

/** Shows both answers as they come; the vote where a key was pressed, null where none was. */
async function follow(
  market: MarketClient,
  { id }: BattleJson,
  { show, byKey, signal }: Following,
): Promise<Choice | null> {
  const asking = new AbortController()
  const leave = AbortSignal.any([signal, asking.signal])
  let pressed: Promise<string | null> | null = null
  let key: string | null = null
  const listen = (): void => {
    if (!byKey || pressed !== null) return
    pressed = readKey(['1', '2', '3', '4', 'q'], signal)
    pressed.then((found) => {
      key = found
      asking.abort() // whoever has voted need not read on
    }, asking.abort.bind(asking))
  }
  try {
    for await (const event of eventsOf(market, id, leave)) {
      if (event.name === 'open') listen()
      show.take(event.name, event.data)
    }
    show.end()
  } catch (error) {
    signal.throwIfAborted()
    if (!asking.signal.aborted) throw error
  }
  if (pressed === null) return null
  if (key === null) key = await pressed
  return CHOICE_OF[key ?? 'q'] ?? null
}

interface Told {
  readonly name: string
  readonly data: Readonly<Record<string, unknown>>
}

/** What is told of a battle; a connection that breaks is taken up where it was. */
async function* eventsOf(
  market: MarketClient,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<Told> {
  let last = 0
  for (let breaks = 0; ; ) {
    try {
      const path = `/api/battles/${id}/stream?last_event_id=${last}`
      const response = await market.send('GET', path, { signal, mayTakeLong: true })
      if (response.body === null) return
      for await (const event of readNamedEvents(response.body)) {
        last = event.id
        const data = parseJson(event.data)
        const object = data !== undefined && isJsonObject(data) ? data : {}
        if (event.name === 'voided') throw voided(String(object.code))
        yield { name: event.name, data: object }
      }
      return
    } catch (error) {
      breaks += 1
      if (error instanceof Failure || signal.aborted || breaks > MOST_BREAKS) throw error
    }
  }
}

function voided(code: string): Failure {
  return new Failure(`No two models answered, so there is no battle (${code}). Try again.`, {
    facts: { code },
  })
}

/** Where both answers are shown. */
interface Show {
  take(name: string, data: Told['data']): void
  end(): void
}

const SILENT: Show = { take: () => {}, end: () => {} }

function openShow(terminal: Terminal, { reveal }: BattleJson): Show {
  const heads = [`A ${reveal?.a.model ?? ''}`.trim(), `B ${reveal?.b.model ?? ''}`.trim()] as const
  const cells = terminal.columns ?? 0
  return cells >= LEAST_CELLS ? sideBySide(terminal, cells, heads) : inTurn(terminal, heads)
}

type Heads = readonly [string, string]

/** Rows as they become whole; nothing that was printed is written over. */
function sideBySide(terminal: Terminal, cells: number, heads: Heads): Show {
  let columns = openColumns(cells)
  const text = { a: '', b: '' }
  const tell = (isOver: boolean): void => {
    for (const row of columns.next(text.a, text.b, isOver)) terminal.out(`${row}\n`)
  }
  const begin = (): void => {
    columns = openColumns(cells)
    text.a = ''
    text.b = ''
    terminal.out(`${terminal.styleOut('bold', columnHeads(cells, ...heads))}\n`)
  }
  return {
    take(name, data) {
      if (name === 'open') {
        begin()
        if (canAsk(terminal)) terminal.err(`${terminal.styleErr('dim', KEYS)}\n`)
      }
      if (name === 'restart') terminal.out('(A side failed: two others answer.)\n')
      if (name !== 'text') return
      text.a += printable(String(data.a))
      text.b += printable(String(data.b))
      tell(false)
    },
    end: () => tell(true),
  }
}

/** One answer after the other, when both have ended. */
function inTurn(terminal: Terminal, heads: Heads): Show {
  const text = { a: '', b: '' }
  return {
    take(name, data) {
      if (name === 'restart') Object.assign(text, { a: '', b: '' })
      if (name !== 'text') return
      text.a += String(data.a)
      text.b += String(data.b)
    },
    end() {
      for (const [at, side] of (['a', 'b'] as const).entries()) {
        terminal.out(`${terminal.styleOut('bold', `── ${heads[at]}`)}\n`)
        terminal.out(`${printable(text[side]).trimEnd()}\n`)
      }
      if (canAsk(terminal)) terminal.err(`${terminal.styleErr('dim', KEYS)}\n`)
    },
  }
}
