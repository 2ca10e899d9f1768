// edge: asks a loaded model how it thinks.
import type { LlamaTextLike, Token } from './llama-api.ts'
import type { LoadedModel } from './loaded-model.ts'
import type { ReasoningMarks } from './split-reasoning.ts'

const OPEN = '<think>'
const CLOSE = '</think>'
const TAIL_TOKENS = 8

export interface Reasoning {
  /** Null where the template has no thoughts that we know. */
  readonly marks: ReasoningMarks | null
  /** What is added to the prompt so that the model begins to think, as its template wants. */
  readonly opening: readonly Token[]
}

const isText = (value: unknown): value is LlamaTextLike =>
  typeof value === 'object' && value !== null && 'tokenize' in value

/** How the model of this prompt thinks before it answers. */
export function readReasoning(loaded: LoadedModel, promptTokens: readonly Token[]): Reasoning {
  const { model, wrapper } = loaded
  const template = model.fileInfo.metadata.tokenizer?.chat_template ?? ''
  if (!template.includes(CLOSE)) return { marks: null, opening: [] }
  const tail = model.detokenize(promptTokens.slice(-TAIL_TOKENS), true)
  if (tail.trimEnd().endsWith(OPEN))
    return { marks: { open: OPEN, close: CLOSE, isOpen: true }, opening: [] }
  const thought = wrapper?.settings.segments?.thought
  const isOpened = thought?.openOnResponseStart === true && isText(thought.prefix)
  const opening = isOpened ? (thought.prefix as LlamaTextLike).tokenize(model.tokenizer) : []
  return { marks: { open: OPEN, close: CLOSE, isOpen: isOpened }, opening }
}
