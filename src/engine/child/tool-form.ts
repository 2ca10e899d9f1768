// edge: asks a loaded model how it calls tools.
import type { ChatWrapper, LlamaTextLike, Token } from './llama-api.ts'
import type { LoadedModel } from './loaded-model.ts'

/** How a model's template writes a call of a tool. */
export interface ToolForm {
  /** What stands before the name of the tool. */
  readonly beforeName: readonly Token[]
  /** All that stands before the arguments. */
  beforeArguments(name: string): readonly Token[]
  /** By one of these the model shows that it begins a call. */
  readonly triggerStrings: readonly string[]
  readonly triggerTokens: ReadonlySet<Token>
}

/** What node-llama-cpp writes for templates without a form of their own. */
const FALLBACK_PREFIX = '||call: '

type Text = string | LlamaTextLike

function textOf(text: Text): string {
  const json: unknown = typeof text === 'string' ? text : text.toJSON()
  if (typeof json === 'string') return json
  const parts = Array.isArray(json) ? (json as readonly unknown[]) : []
  return parts
    .map((part) => {
      if (typeof part === 'string') return part
      const { type, value } = part as { readonly type?: string; readonly value?: string }
      return type === 'specialTokensText' ? (value ?? '') : ''
    })
    .join('')
}

function partsOf(wrapper: ChatWrapper): { section: Text; prefix: Text; params: Text } {
  const { call, parallelism } = wrapper.settings.functions
  return {
    section: parallelism?.call.sectionPrefix ?? '',
    prefix: call.prefix,
    params: call.paramsPrefix,
  }
}

/** Whether a template has a form for tools. */
export const hasToolForm = (wrapper: ChatWrapper | null): boolean =>
  wrapper !== null && textOf(wrapper.settings.functions.call.prefix) !== FALLBACK_PREFIX

/** The beginning of a form that tells it from ordinary text: up to a line's end or a brace. */
export function triggerOf(form: string): string {
  const text = form.trimStart()
  const word = /^[^\n{]+/.exec(text)?.[0].trimEnd()
  return word === undefined || word === '' ? text.trimEnd() : word
}

/** The form of the model's template; null where it has none. */
export function readToolForm(loaded: LoadedModel): ToolForm | null {
  const { wrapper, model, runtime } = loaded
  if (wrapper === null || !hasToolForm(wrapper)) return null
  const { section, prefix, params } = partsOf(wrapper)
  const tokenize = (...texts: Text[]) =>
    runtime.module.LlamaText(...texts).tokenize(model.tokenizer)
  const triggerStrings: string[] = []
  const triggerTokens = new Set<Token>()
  for (const text of [section, prefix]) {
    const [first] = tokenize(text)
    const isHidden = first !== undefined && model.detokenize([first], false) === ''
    const trigger = triggerOf(textOf(text))
    if (isHidden) triggerTokens.add(first)
    else if (trigger !== '') triggerStrings.push(trigger)
  }
  return {
    beforeName: tokenize(section, prefix),
    beforeArguments: (name) => tokenize(section, prefix, name, params),
    triggerStrings,
    triggerTokens,
  }
}
