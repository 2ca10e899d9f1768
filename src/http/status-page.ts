import type { ModelRest } from '../catalog/index.ts'
import { clauses, escapeHtml, hundred, page } from './page-frame.ts'
import { type StatusWords, statusWords } from './status-words.ts'

export interface StatusModel {
  /** `publisher/name`. */
  readonly name: string
  readonly league: 'models' | 'practice' | 'apps'
  /** Names of the providers that list it. */
  readonly providers: readonly string[]
  /** Null: unknown. */
  readonly parametersTotal: number | null
  /** Null: unknown. */
  readonly contextTokens: number | null
  readonly isLive: boolean
  /** Whether it was switched off, rather than never on; of no meaning while it is live. */
  readonly isOff: boolean
  /** Null: none of its listings rests. */
  readonly rest: ModelRest | null
}

/** What the status page shows. Everything in it is escaped; nothing in it is secret. */
export interface StatusFacts {
  readonly version: string
  readonly url: string
  readonly startedAt: Date
  readonly database: { readonly kind: 'embedded' | 'external'; readonly version: string | null }
  readonly engine: {
    readonly kind: string
    readonly reason: string | null
    readonly loadedCount: number
    readonly queueLength: number
  }
  readonly models: readonly StatusModel[]
  /** Local servers that run and are not added; null: not for this reader. */
  readonly found: readonly { readonly kind: string; readonly baseUrl: string }[] | null
  /** Where the owner's key lies, for the example; null: not for this reader. */
  readonly ownerKeyPath: string | null
}

const MOST_ROWS = 40

/** The page at `/` for a signed-in person. Live models first; unknown facts say so. */
export function renderStatusPage(facts: StatusFacts, acceptLanguage: string | undefined): string {
  const words = statusWords(acceptLanguage)
  const liveCount = facts.models.filter(answers).length
  const headline = liveCount === 0 ? words.openEmpty : words.openWith(liveCount)
  return page(
    words,
    `<div class="opening"><div>
<p class="kick">${escapeHtml(words.kick)} <span class="dim">${escapeHtml(new URL(facts.url).host)}</span></p>
<h1 class="verdict">${clauses(headline)}</h1></div>${hundred(liveCount)}</div>
${partsSection(facts, words)}
${modelsSection(facts, words)}
${askSection(facts, words)}
${foundSection(facts, words)}`,
    facts.version,
  )
}

/** Whether all listings of a model rest, so that no request for it has anywhere to go. */
export function isAtRest({ rest }: StatusModel): boolean {
  return rest !== null && rest.restingCount >= rest.liveCount
}

function answers(model: StatusModel): boolean {
  return model.isLive && !isAtRest(model)
}

/** The page at `/` for everybody else: how to get in, and nothing of what is inside. */
export function renderLockedPage(
  acceptLanguage: string | undefined,
  { version, command }: { readonly version: string; readonly command: string },
): string {
  const words = statusWords(acceptLanguage)
  return page(
    words,
    `<div class="opening"><div><h1 class="verdict">${clauses(words.lockedTitle)}</h1>
<p class="standfirst">${escapeHtml(words.lockedNote)}</p><pre tabindex="0">${escapeHtml(command)} link</pre>
<p class="sub">${escapeHtml(words.lockedKey)}</p></div>${hundred(0)}</div>`,
    version,
  )
}

function partsSection(facts: StatusFacts, words: StatusWords): string {
  const { database, engine } = facts
  const since = `${facts.startedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`
  const isDatabaseWell = database.version !== null
  const kind = database.kind === 'embedded' ? words.embedded : words.external
  const isEngineWell = engine.kind === 'ready'
  const engineDetail = isEngineWell
    ? words.engineDetail(engine.loadedCount, engine.queueLength)
    : (engine.reason ?? '')
  const rows = [
    partRow(words.market, { state: words.well, mark: 'pass', detail: words.since(since) }),
    partRow(words.database, {
      state: isDatabaseWell ? words.well : words.notWell,
      mark: isDatabaseWell ? 'pass' : 'fail',
      detail: `${kind}${isDatabaseWell ? ` ${database.version}` : ''}`,
    }),
    partRow(words.engine, {
      state: words.engineStates[engine.kind] ?? engine.kind,
      mark: isEngineWell ? 'pass' : 'wait',
      detail: engineDetail,
    }),
  ]
  return section(
    words.runs,
    `<table class="tt parts"><thead><tr><th>${escapeHtml(words.part)}</th><th>${escapeHtml(words.now)}</th><th></th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table>`,
  )
}

function partRow(name: string, now: { state: string; mark: string; detail: string }): string {
  return `<tr><th scope="row">${escapeHtml(name)}</th><td class="${now.mark}">${escapeHtml(now.state)}</td><td class="dim">${escapeHtml(now.detail)}</td></tr>`
}

function modelsSection(facts: StatusFacts, words: StatusWords): string {
  if (facts.models.length === 0) {
    const commands =
      'baimo add http://localhost:11434\nbaimo add openai --key-file FILE\nbaimo add ./model.gguf'
    return section(
      words.models,
      `<p class="sub">${escapeHtml(words.noModels)}</p><pre tabindex="0">${escapeHtml(commands)}</pre>`,
    )
  }
  const sorted = [...facts.models].sort(
    (a, b) =>
      Number(b.isLive) - Number(a.isLive) || a.name.localeCompare(b.name, 'en', { numeric: true }),
  )
  const hidden = sorted.length - MOST_ROWS
  const hasOffered = sorted.some((model) => !model.isLive)
  const hasResting = sorted.some((model) => model.rest !== null)
  const heads = [words.model, words.league, words.where].map(
    (head) => `<th>${escapeHtml(head)}</th>`,
  )
  const numeric = [words.parameters, words.context].map(
    (head) => `<th class="num">${escapeHtml(head)}</th>`,
  )
  return section(
    words.models,
    `${hasResting ? note(words.restNote) : ''}${hasOffered ? note(words.modelsNote) : ''}
<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(words.models)}"><table class="tt models">
<thead><tr>${heads.join('')}${numeric.join('')}<th>${escapeHtml(words.state)}</th></tr></thead>
<tbody>${sorted
      .slice(0, MOST_ROWS)
      .map((model) => modelRow(model, words))
      .join('\n')}</tbody></table></div>
${hidden > 0 ? `<p class="sub">${escapeHtml(words.more(hidden))}</p>` : ''}`,
  )
}

function note(text: string): string {
  return `<p class="sub">${escapeHtml(text)}</p>`
}

function stateCell(model: StatusModel, words: StatusWords): string {
  const { isLive, isOff, rest } = model
  if (!isLive) return `<td class="state dim">${escapeHtml(isOff ? words.off : words.offered)}</td>`
  if (rest === null) return `<td class="state pass">${escapeHtml(words.live)}</td>`
  const { restingCount, liveCount, untilMs, reason } = rest
  const until = untilMs === null ? null : clockTime(untilMs)
  const why = reason === null ? null : (words.reasons[reason] ?? reason)
  const text = words.rests(restingCount < liveCount ? `${restingCount}/${liveCount}` : null, {
    until,
    why,
  })
  return `<td class="state ${answers(model) ? 'wait' : 'fail'}">${escapeHtml(text)}</td>`
}

function clockTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(11, 19)} UTC`
}

function modelRow(model: StatusModel, words: StatusWords): string {
  const slash = model.name.indexOf('/')
  const publisher = model.name.slice(0, slash + 1)
  const state = stateCell(model, words)
  return `<tr><th scope="row" class="name" title="${escapeHtml(model.name)}"><span class="dim">${escapeHtml(publisher)}</span>${escapeHtml(model.name.slice(slash + 1))}</th>
<td data-head="${escapeHtml(words.league)}">${escapeHtml(words.leagues[model.league] ?? model.league)}</td><td data-head="${escapeHtml(words.where)}">${escapeHtml(model.providers.join(', '))}</td>
<td class="num" data-head="${escapeHtml(words.parameters)}">${countOrUnknown(model.parametersTotal, words, shortCount)}</td>
<td class="num" data-head="${escapeHtml(words.context)}">${countOrUnknown(model.contextTokens, words, (count) => count.toLocaleString('en'))}</td>${state}</tr>`
}

function countOrUnknown(
  count: number | null,
  words: StatusWords,
  format: (count: number) => string,
): string {
  return count === null
    ? `<span class="unknown">${escapeHtml(words.unknown)}</span>`
    : format(count)
}

/** 316,096 as `0.3 M`, 7.6 billion as `7.6 B`: two figures are what people compare by. */
export function shortCount(count: number): string {
  const [unit, divisor] = count >= 1e9 ? ['B', 1e9] : count >= 1e5 ? ['M', 1e6] : ['', 1]
  const value = count / Number(divisor)
  const figures = unit === '' || value >= 100 ? value.toFixed(0) : value.toFixed(1)
  return unit === '' ? figures : `${figures} ${unit}`
}

function askSection(facts: StatusFacts, words: StatusWords): string {
  const live = facts.models.filter(answers).map((model) => model.name)
  const model = live.find((name) => name.endsWith('-large')) ?? live[0]
  if (model === undefined) return ''
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: '17 + 25 =' }] })
  const key = facts.ownerKeyPath === null ? '$BAIMO_KEY' : `$(cat ${facts.ownerKeyPath})`
  const curl = `curl ${facts.url}/v1/chat/completions \\
  -H "authorization: Bearer ${key}" \\
  -H 'content-type: application/json' \\
  -d '${body}'`
  return section(
    words.ask,
    `<p class="sub">${escapeHtml(words.askNote)}</p><pre tabindex="0">${escapeHtml(curl)}</pre>`,
  )
}

function foundSection(facts: StatusFacts, words: StatusWords): string {
  if (facts.found === null) return ''
  if (facts.found.length === 0) {
    return section(words.found, `<p class="sub">${escapeHtml(words.foundNone)}</p>`)
  }
  const rows = facts.found.map(
    (server) =>
      `<tr><th scope="row">${escapeHtml(server.kind)}</th><td class="dim">${escapeHtml(server.baseUrl)}</td><td class="mono">baimo add ${escapeHtml(server.baseUrl)}</td></tr>`,
  )
  return section(
    words.found,
    `<p class="sub">${escapeHtml(words.foundNote)}</p><table class="tt"><tbody>${rows.join('\n')}</tbody></table>`,
  )
}

function section(title: string, content: string): string {
  return `<section class="sec"><h2>${escapeHtml(title)}</h2>${content}</section>`
}
