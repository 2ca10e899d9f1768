/** Names people know models by, beside those of the catalog. */
const WELL_KNOWN = [
  ...['openai', 'chatgpt', 'gpt', 'anthropic', 'claude', 'google', 'gemini', 'bard', 'gemma'],
  ...['mistral', 'mixtral', 'llama', 'qwen', '通义千问', '通义', '千问', 'alibaba', '阿里'],
  ...[
    'deepseek',
    '深度求索',
    'kimi',
    '月之暗面',
    'moonshot',
    'glm',
    'chatglm',
    '智谱',
    'ernie',
    '文心',
  ],
  ...['hunyuan', '混元', 'doubao', '豆包', 'grok', 'xai', 'cohere'],
  ...['baichuan', '百川', 'minimax', 'internlm', '书生'],
]

const WHAT = String.raw`(?:an?\s+|the\s+)?(?:ai\s+)?(?:large\s+)?(?:language\s+)?(?:assistant\s+|model\s+)?(?:called\s+|named\s+|from\s+|by\s+)?`
/** What stands before a name where a model speaks of itself. */
const BEFORE = [
  String.raw`\b(?:i am|i['’]m|my name is|call me|as an ai (?:language )?model)[\s,]+${WHAT}`,
  String.raw`\b(?:i am|i['’]m|i was|i have been|model)\b[^.!?\n]{0,60}\b(?:made|created|developed|trained|built) by\s+(?:the\s+)?`,
  String.raw`(?:我是|我叫|我的名字是|作为)\s*(?:一个|一款)?(?:来自)?\s*`,
  String.raw`(?:我|本模型)[^。!?\n]{0,20}由\s*`,
].join('|')
/** Shorter names stand in any text. */
const LEAST_LETTERS = 3

/** How a model and its maker are called. */
export interface NamesOf {
  readonly publisher: string
  readonly family: string | null
  readonly name: string
}

/**
 * The name by which an answer tells who gives it; null: it tells nobody. Looked for are a model's
 * own words about itself, with a name of the catalog or a known one, and the name of who answers
 * here wherever it stands; what the question itself says does not count.
 */
export function findSelfNaming(
  answer: string,
  about: {
    readonly own: NamesOf
    /** Of the catalog: publishers, families, models. */
    readonly known: readonly string[]
    readonly prompts: readonly string[]
  },
): string | null {
  const text = fold(answer)
  const asked = fold(about.prompts.join('\n'))
  const { own } = about
  for (const name of namesIn([own.publisher, own.family ?? '', own.name]))
    if (standsIn(text, name) && !standsIn(asked, name)) return name
  const called = [...about.known, own.publisher, own.family ?? '', own.name]
  const names = namesIn([...called, ...called.map(stemOf), ...WELL_KNOWN])
  for (const name of names) {
    if (!text.includes(name)) continue
    const said = new RegExp(`(?:${BEFORE})${word(name)}`, 'u')
    if (said.test(text)) return name
  }
  return null
}

/** What a name begins with, before its numbers and sizes: `aurora` of `aurora-7-chat`. */
function stemOf(name: string): string {
  return /^[\p{L}]{4,}(?=[-_ .\d]|$)/u.exec(name)?.[0] ?? ''
}

function namesIn(names: readonly string[]): string[] {
  const folded = names.map((name) => fold(name).trim())
  return [...new Set(folded)].filter(
    (name) => [...name].length >= (isDense(name) ? 2 : LEAST_LETTERS),
  )
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase().replaceAll(/[-_]/g, ' ')
}

function isDense(name: string): boolean {
  return /\p{Script=Han}/u.test(name)
}

function standsIn(text: string, name: string): boolean {
  return text.includes(name) && new RegExp(word(name), 'u').test(text)
}

/** The name as a word of its own; Chinese has no spaces between words. */
function word(name: string): string {
  const escaped = name.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&').replaceAll(' ', ' ?')
  return isDense(name) ? escaped : `(?<![a-z0-9])${escaped}(?![a-z])`
}
