import type { Command } from 'commander'
import { isJsonObject, type Json, type JsonObject, parseJson } from '../kernel/index.ts'
import { readProblem } from './client.ts'
import { type CommonOptions, type Desk, printJson, withJson } from './command.ts'
import { Failure, usageFailure } from './failure.ts'
import { onInterrupt } from './interrupt.ts'
import { openProgress } from './progress.ts'
import { type Delta, readDelta, readEvents, summarise, type Usage } from './read-answer.ts'
import { readNumber, readWhole } from './read-options.ts'
import { tellRefusal } from './tell-refusal.ts'
import { printable } from './terminal.ts'
import { BAIMO } from './words.ts'

interface AskOptions extends CommonOptions {
  readonly system?: string
  readonly maxTokens?: number
  readonly temperature?: number
  readonly seed?: number
  readonly verbose?: boolean
}

const HELP = `
Without a prompt, or with "-" in it, standard input is read:
  ${BAIMO} ask abacus-large "17 + 25 ="
  git diff | ${BAIMO} ask MODEL "Review this change:" -`

export function addAskCommand(program: Command, desk: Desk): void {
  const command = program
    .command('ask')
    .description('ask a model of the running market; the answer is streamed')
    .argument('<model>', 'publisher/name, a bare name, an alias or a listing id')
    .argument('[prompt...]', 'what to ask')
    .option('-s, --system <text>', 'instructions that go before the prompt')
    .option('--max-tokens <count>', 'longest answer, in tokens', readWhole(1, 1_000_000_000))
    .option('--temperature <number>', '0 for the likeliest answer', readNumber(0, 2))
    .option('--seed <number>', 'the same seed draws the same answer', readWhole(0, 2 ** 53 - 1))
    .option('-v, --verbose', 'say who answered, how many tokens and how long')
    .allowUnknownOption()
    .addHelpText('after', HELP)
  withJson(command).action(async (model: string, words: string[], options: AskOptions) => {
    refuseOptions(desk.args, [model, ...words])
    const body = composeBody(model, await readPrompt(desk, words), options)
    const interrupt = onInterrupt()
    try {
      if (options.json === true) await askWhole(desk, body, interrupt.signal)
      else await askStreamed(desk, body, { signal: interrupt.signal, isVerbose: !!options.verbose })
    } catch (error) {
      throw await withHint(desk, error)
    } finally {
      interrupt.end()
    }
  })
}

/**
 * A prompt may begin with `-`, as `-5+3` does; what looks like an option in words is one that was
 * mistyped. Behind `--` all are words.
 */
function refuseOptions(args: readonly string[], words: readonly string[]): void {
  const end = args.indexOf('--')
  const sure = end === -1 ? [] : args.slice(end + 1)
  const option = words.find((word) => /^--?[a-z][\w-]*(=.*)?$/i.test(word) && !sure.includes(word))
  if (option === undefined) return
  throw usageFailure(`There is no option ${option}. If it is the prompt, write -- before it.`)
}

/** What a person does next about a model that cannot be asked. */
async function withHint(desk: Desk, error: unknown): Promise<unknown> {
  if (!(error instanceof Failure) || typeof error.facts.status !== 'number') return error
  if (error.facts.code !== 'model_not_found') return await tellRefusal(desk.market(), error)
  const hint = `"${BAIMO} models" lists all; "${BAIMO} models on NAME" switches a listing on.`
  // The market speaks to programs of how to list models; here there is a command for it.
  const message = error.message.replace(/ GET \/v1\/models[^.]*\./, '')
  return new Failure(`${message} ${hint}`, { facts: error.facts })
}

async function readPrompt({ terminal }: Desk, words: readonly string[]): Promise<string> {
  const isFromInput = words.includes('-') || words.length === 0
  if (words.length === 0 && terminal.isInTerminal)
    throw usageFailure('Give a prompt after the model, or pipe one in.')
  const input = isFromInput ? (await terminal.readInput()).trimEnd() : ''
  const parts = words.length === 0 ? [input] : words.map((word) => (word === '-' ? input : word))
  // What was piped in stands on lines of its own; words of the command line are one sentence.
  const prompt = parts.join(words.includes('-') ? '\n' : ' ').trim()
  if (prompt === '') throw usageFailure('The prompt is empty. Give some text.')
  return prompt
}

function composeBody(model: string, prompt: string, options: AskOptions): JsonObject {
  const system = options.system === undefined ? [] : [{ role: 'system', content: options.system }]
  return {
    model,
    messages: [...system, { role: 'user', content: prompt }],
    ...(options.maxTokens === undefined ? {} : { max_tokens: options.maxTokens }),
    ...(options.temperature === undefined ? {} : { temperature: options.temperature }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  }
}

/** What something else at the address says in its place. */
const NO_ANSWER = 'what came is no answer of a model'

function isEventStream({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') === true
}

async function askWhole(desk: Desk, body: JsonObject, signal: AbortSignal): Promise<void> {
  const market = desk.market()
  const beganMs = performance.now()
  const response = await market.send('POST', '/v1/chat/completions', {
    body,
    signal,
    mayTakeLong: true,
  })
  const answer = parseJson(await market.read(response, signal))
  const totalMs = Math.round(performance.now() - beganMs)
  if (!isJsonObject(answer) || !Array.isArray(answer.choices)) throw market.noMarket(NO_ANSWER)
  const choice = answer.choices[0]
  const message = isJsonObject(choice) && isJsonObject(choice.message) ? choice.message : {}
  printJson(desk.terminal, {
    text: message.content ?? null,
    model: answer.model ?? null,
    finish_reason: isJsonObject(choice) ? (choice.finish_reason ?? null) : null,
    usage: answer.usage ?? null,
    total_ms: totalMs,
    headers: ownHeaders(response.headers),
    answer,
  })
}

/** The headers that say how the market served the request. */
function ownHeaders(headers: Headers): JsonObject {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith('x-')))
}

async function askStreamed(
  desk: Desk,
  body: JsonObject,
  { signal, isVerbose }: { signal: AbortSignal; isVerbose: boolean },
): Promise<void> {
  const { terminal } = desk
  const progress = openProgress(terminal)
  const market = desk.market()
  progress.say(`Waiting for ${body.model} of ${market.address.url}`)
  const beganMs = performance.now()
  const printer = openPrinter(desk, { isVerbose, onFirst: progress.end })
  try {
    const response = await market.send('POST', '/v1/chat/completions', {
      body: { ...body, stream: true, stream_options: { include_usage: true } },
      signal,
      mayTakeLong: true,
    })
    if (!isEventStream(response)) throw market.noMarket(NO_ANSWER)
    await follow(response, printer, signal)
    progress.end()
    printer.end()
    if (!isVerbose && !terminal.isErrTerminal) return
    const facts = { ...printer.facts(), totalMs: performance.now() - beganMs }
    terminal.err(`${terminal.styleErr('dim', summarise(facts, response.headers, isVerbose))}\n`)
  } catch (error) {
    progress.end()
    printer.end()
    throw error
  }
}

async function follow(response: Response, printer: Printer, signal: AbortSignal): Promise<void> {
  if (response.body === null) throw brokenOff()
  let isOver = false
  for await (const data of readEvents(readable(response.body, signal))) {
    if (data === '[DONE]') {
      isOver = true
      continue
    }
    const event: Json | undefined = parseJson(data)
    if (isJsonObject(event) && isJsonObject(event.error)) {
      const { message, facts } = readProblem(event, response)
      throw new Failure(message, { facts })
    }
    printer.take(readDelta(event))
  }
  if (!isOver && printer.facts().finishReason === null) throw brokenOff()
}

/** The body's chunks; a connection that breaks in the middle is told as what it is. */
async function* readable(
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    signal.throwIfAborted()
    throw brokenOff(error)
  }
}

function brokenOff(cause?: unknown): Failure {
  return new Failure('The answer broke off: the market closed the connection. Ask again.', {
    facts: { code: 'cli_answer_broken' },
    cause,
  })
}

interface Printer {
  take(delta: Delta): void
  /** Closes the last line. */
  end(): void
  facts(): {
    readonly model: string | null
    readonly usage: Usage | null
    readonly finishReason: string | null
    readonly firstMs: number | null
  }
}

/** Prints pieces as they come: the answer to standard output, reasoning dimmed to a terminal's. */
function openPrinter(
  { terminal }: Desk,
  { isVerbose, onFirst }: { isVerbose: boolean; onFirst: () => void },
): Printer {
  const beganMs = performance.now()
  const facts = {
    model: null as string | null,
    usage: null as Usage | null,
    finishReason: null as string | null,
    firstMs: null as number | null,
  }
  let open: 'nothing' | 'reasoning' | 'answer' = 'nothing'
  let last = '\n'
  const first = () => {
    if (facts.firstMs === null) onFirst()
    facts.firstMs ??= performance.now() - beganMs
  }
  const showReasoning = (text: string) => {
    first()
    if (!isVerbose && !terminal.isErrTerminal) return
    open = 'reasoning'
    terminal.err(terminal.styleErr('dim', printable(text)))
  }
  const showAnswer = (text: string) => {
    first()
    if (open === 'reasoning') terminal.err('\n')
    open = 'answer'
    terminal.out(terminal.isOutTerminal ? printable(text) : text)
    last = text.at(-1) ?? last
  }
  return {
    take(delta) {
      facts.model ??= delta.model
      facts.usage = delta.usage ?? facts.usage
      facts.finishReason = delta.finishReason ?? facts.finishReason
      if (delta.reasoning !== '') showReasoning(delta.reasoning)
      if (delta.text !== '') showAnswer(delta.text)
    },
    end() {
      if (open === 'answer' && last !== '\n') terminal.out('\n')
      if (open === 'reasoning') terminal.err('\n')
      open = 'nothing'
    },
    facts: () => facts,
  }
}
