// edge: holds a model in native memory.
import { refuse } from '../errors.ts'
import { describeGguf, type GgufDescription } from '../gguf/describe-gguf.ts'
import { readModel } from '../gguf/read-model.ts'
import type { EngineLimits, RegisteredModel } from '../types.ts'
import { readSamplingDefaults, type SamplingDefaults } from './choose-sampling.ts'
import type {
  ChatWrapper,
  Context,
  EmbeddingContext,
  Llama,
  LlamaModule,
  Model,
  Sequence,
  Token,
} from './llama-api.ts'
import { leastBytes, type MemoryPlan, planMemory } from './plan-memory.ts'
import { readTokenBytes, type TokenBytes } from './token-bytes.ts'
import { type Line, openLine } from './wait-in-line.ts'

/** llama.cpp as this process has it. */
export interface LlamaRuntime {
  readonly module: LlamaModule
  readonly llama: Llama
  readonly version: string
}

/** What is known of a model before it is loaded. */
export interface ModelPlan {
  readonly description: GgufDescription
  readonly memory: MemoryPlan
  readonly samplingDefaults: SamplingDefaults
}

/** A model in memory, ready to answer. */
export interface LoadedModel {
  readonly name: string
  readonly runtime: LlamaRuntime
  readonly plan: ModelPlan
  readonly model: Model
  readonly wrapper: ChatWrapper | null
  /** Tokens of prompt and answer together that one request may have. */
  readonly contextTokens: number
  /** Bytes of the longest token: more text than this for each token of context cannot fit. */
  readonly longestTokenBytes: number
  /** Tokens of the vocabulary; null: unknown. */
  readonly vocabularySize: number | null
  readonly tokenBytes: TokenBytes
  readonly line: Line
  /** The free sequence that knows most of this prompt. Only whoever has a place in `line` asks. */
  takeSequence(prompt: readonly Token[]): Sequence
  giveSequence(sequence: Sequence): void
  /** The line in front of the one embedding context. */
  readonly embeddingLine: Line
  /** Made when it is first asked for. Only whoever has a place in `embeddingLine` asks. */
  embeddingContext(): Promise<EmbeddingContext>
  dispose(): Promise<void>
}

const gibibytes = (bytes: number) => `${(bytes / 1_073_741_824).toFixed(2)} GiB`

/** Checks the file and plans its memory. Errors: engine_file_*, engine_model_too_large. */
export async function planModel(spec: RegisteredModel, limits: EngineLimits): Promise<ModelPlan> {
  const { header, sizeBytes } = await readModel(spec.path)
  const description = describeGguf(header)
  const need = {
    weightBytes: sizeBytes,
    cacheBytesPerToken: description.cacheBytesPerToken,
    trainedTokens: description.contextTokens,
  }
  const memory = planMemory(need, limits)
  if (memory === undefined)
    throw refuse(
      'engine_model_too_large',
      `${spec.name} needs at least ${gibibytes(leastBytes(need))}; the engine may use ${gibibytes(limits.memoryBytes)}. Raise BAIMO_ENGINE_MEMORY_MB or add a smaller one.`,
    )
  return { description, memory, samplingDefaults: readSamplingDefaults(header.metadata) }
}

/** Sequences of a context, handed out so that what one already knows is not read again. */
function openSequences(all: readonly Sequence[]) {
  const free = new Set(all)
  return {
    take(prompt: readonly Token[]): Sequence {
      let best: Sequence | undefined
      let bestKnown = -1
      for (const sequence of free) {
        const known = sequence.compareContextTokens([...prompt]).firstDifferentIndex
        if (known > bestKnown) {
          best = sequence
          bestKnown = known
        }
      }
      if (best === undefined) throw new Error('engine: a sequence was asked for without a place')
      free.delete(best)
      return best
    },
    give: (sequence: Sequence) => void free.add(sequence),
  }
}

const BATCH_TOKENS = 512

/** Makes the embedding context on first use. */
function openEmbedder(
  model: Model,
  plan: ModelPlan,
  options: { contextTokens: number; threads: number },
) {
  let context: Promise<EmbeddingContext> | undefined
  const make = () =>
    model.createEmbeddingContext({
      contextSize: options.contextTokens,
      threads: options.threads,
      // An encoder reads a text in one batch or not at all: llama.cpp ends the process otherwise.
      ...(plan.description.kind === 'embedding' && { batchSize: options.contextTokens }),
    })
  return {
    context: () => {
      context ??= make()
      return context
    },
    dispose: async () => void (await (await context)?.dispose()),
  }
}

function resolveWrapper(runtime: LlamaRuntime, model: Model, plan: ModelPlan): ChatWrapper | null {
  if (!plan.description.hasChatTemplate) return null
  return runtime.module.resolveChatWrapper(model, { warningLogs: false })
}

async function openContext(model: Model, plan: ModelPlan, limits: EngineLimits) {
  if (plan.description.kind === 'embedding') return null
  const { contextTokens, sequences } = plan.memory
  return model.createContext({
    contextSize: contextTokens,
    sequences,
    threads: limits.threads,
    batchSize: Math.min(BATCH_TOKENS, contextTokens),
  })
}

function longestToken(tokens: readonly string[] | undefined): number {
  let longest = 0
  for (const token of tokens ?? []) longest = Math.max(longest, Buffer.byteLength(token))
  return longest === 0 ? 256 : longest
}

export interface LoadOptions {
  readonly plan: ModelPlan
  readonly limits: EngineLimits
  readonly monotonicMs: () => number
}

/** Loads a planned model. Errors: engine_model_unloadable. */
export async function loadModel(
  runtime: LlamaRuntime,
  spec: RegisteredModel,
  options: LoadOptions,
): Promise<LoadedModel> {
  const { plan, limits } = options
  const model = await runtime.llama.loadModel({ modelPath: spec.path }).catch((cause: unknown) => {
    throw refuse(
      'engine_model_unloadable',
      `llama.cpp could not load ${spec.name} (architecture ${plan.description.architecture ?? 'unknown'}). The file or its architecture is not one that this engine knows.`,
      { cause },
    )
  })
  try {
    const context = await openContext(model, plan, limits)
    return assemble(runtime, spec.name, { model, context, options })
  } catch (cause) {
    await model.dispose()
    const why = cause instanceof Error ? cause.message : String(cause)
    throw refuse(
      'engine_model_unloadable',
      `llama.cpp has no context for ${spec.name}: ${why}. Give the engine less to hold, or the machine more memory.`,
      { cause },
    )
  }
}

function assemble(
  runtime: LlamaRuntime,
  name: string,
  parts: { model: Model; context: Context | null; options: LoadOptions },
): LoadedModel {
  const { model, context, options } = parts
  const { plan, limits } = options
  const contextTokens = context?.contextSize ?? plan.memory.contextTokens
  const count = context === null ? 0 : plan.memory.sequences
  const sequences = openSequences(
    context === null ? [] : Array.from({ length: count }, () => context.getSequence()),
  )
  const embedder = openEmbedder(model, plan, { contextTokens, threads: limits.threads })
  const line = {
    maxLength: limits.queueLength,
    maxWaitMs: limits.queueWaitMs,
    monotonicMs: options.monotonicMs,
  }
  const vocabulary = model.fileInfo.metadata.tokenizer?.ggml
  return {
    name,
    runtime,
    plan,
    model,
    wrapper: resolveWrapper(runtime, model, plan),
    contextTokens: Math.min(contextTokens, plan.memory.contextTokens),
    longestTokenBytes: longestToken(vocabulary?.tokens),
    vocabularySize: vocabulary?.tokens?.length ?? null,
    tokenBytes: readTokenBytes(vocabulary?.model, vocabulary?.tokens),
    line: openLine({ ...line, places: Math.max(1, count) }),
    embeddingLine: openLine({ ...line, places: 1 }),
    takeSequence: sequences.take,
    giveSequence: sequences.give,
    embeddingContext: embedder.context,
    async dispose() {
      await embedder.dispose()
      await context?.dispose()
      await model.dispose()
    },
  }
}
