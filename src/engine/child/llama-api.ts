/**
 * The part of node-llama-cpp 3.21 that Baimo uses, as it uses it. The package lives in a folder of
 * its own and is loaded at run time, so the compiler cannot see its types.
 */
export type Token = number

export interface LlamaTextLike {
  tokenize(tokenizer: unknown): Token[]
  toJSON(): unknown
}
export interface LlamaGrammar {
  readonly grammar: string
}
export type GrammarState = object

export interface EvaluateOptions {
  readonly temperature: number
  readonly topK: number
  readonly topP: number
  readonly minP: number
  readonly seed: number
  readonly yieldEogToken: true
  readonly grammarEvaluationState?: GrammarState
  readonly repeatPenalty?: {
    readonly punishTokens: () => Token[]
    readonly maxPunishTokens: number
    readonly penalty: number
    readonly frequencyPenalty: number
    readonly presencePenalty: number
  }
  readonly tokenBias?: TokenBias
}
export interface EvaluatedToken {
  readonly token: Token
  /** Of all candidates that survived the sampling options, most likely first. */
  readonly probabilities?: ReadonlyMap<Token, number>
}

export interface Sequence {
  readonly contextSize: number
  readonly nextTokenIndex: number
  readonly contextTokens: readonly Token[]
  clearHistory(): Promise<void>
  compareContextTokens(tokens: readonly Token[]): { firstDifferentIndex: number }
  eraseContextTokenRanges(ranges: readonly { start: number; end: number }[]): Promise<void>
  evaluateWithoutGeneratingNewTokens(tokens: readonly Token[]): Promise<void>
  evaluateWithMetadata(
    tokens: readonly Token[],
    metadata: { readonly probabilities?: true },
    options: EvaluateOptions,
  ): AsyncGenerator<EvaluatedToken, void, undefined>
}
export interface Context {
  readonly contextSize: number
  getSequence(): Sequence
  dispose(): Promise<void>
}
export interface EmbeddingContext {
  calculateInputLength(input: readonly Token[] | string): number
  getEmbeddingFor(input: readonly Token[] | string): Promise<{ readonly vector: readonly number[] }>
  dispose(): Promise<void>
}
export interface TokenBias {
  set(token: Token, bias: { readonly logit: number }): TokenBias
}

export interface Model {
  readonly tokenizer: unknown
  readonly trainContextSize: number
  readonly tokens: { readonly bos: Token | null; readonly shouldPrependBosToken: boolean }
  readonly fileInfo: {
    readonly metadata: {
      readonly tokenizer?: {
        readonly chat_template?: string
        readonly ggml?: { readonly model?: string; readonly tokens?: readonly string[] }
      }
    }
  }
  tokenize(text: string, specialTokens?: boolean): Token[]
  detokenize(
    tokens: readonly Token[],
    specialTokens?: boolean,
    lastTokens?: readonly Token[],
  ): string
  isEogToken(token: Token): boolean
  createContext(options: {
    readonly contextSize: number
    readonly sequences: number
    readonly threads: number
    readonly batchSize: number
  }): Promise<Context>
  createEmbeddingContext(options: {
    readonly contextSize: number
    readonly threads: number
    readonly batchSize?: number
  }): Promise<EmbeddingContext>
  dispose(): Promise<void>
}

export interface FunctionCallItem {
  readonly type: 'functionCall'
  readonly name: string
  readonly params: unknown
  readonly result: unknown
}
export type HistoryItem =
  | { readonly type: 'system'; readonly text: string }
  | { readonly type: 'user'; readonly text: string }
  | { readonly type: 'model'; readonly response: readonly (string | FunctionCallItem)[] }

export interface ChatWrapper {
  readonly wrapperName: string
  readonly settings: {
    readonly functions: {
      readonly call: {
        readonly prefix: string | LlamaTextLike
        readonly paramsPrefix: string | LlamaTextLike
      }
      readonly parallelism?: {
        readonly call: { readonly sectionPrefix: string | LlamaTextLike }
      }
    }
    readonly segments?: {
      readonly thought?: {
        readonly prefix: unknown
        readonly suffix?: unknown
        readonly openOnResponseStart?: boolean
      }
    }
  }
  generateContextState(options: {
    readonly chatHistory: readonly HistoryItem[]
    readonly availableFunctions?: Readonly<
      Record<string, { readonly description?: string; readonly params?: unknown }>
    >
    readonly documentFunctionParams?: boolean
  }): {
    readonly contextText: LlamaTextLike
    readonly stopGenerationTriggers: readonly LlamaTextLike[]
  }
}

export interface Llama {
  loadModel(options: { readonly modelPath: string }): Promise<Model>
  createGrammar(options: { readonly grammar: string }): Promise<LlamaGrammar>
  dispose(): Promise<void>
}

export interface LlamaModule {
  getLlama(options: {
    readonly build: 'never'
    readonly gpu: false | 'metal'
    readonly progressLogs: false
    readonly logLevel: 'error'
    readonly logger: (level: string, message: string) => void
    readonly maxThreads: number
  }): Promise<Llama>
  resolveChatWrapper(model: Model, options?: { readonly warningLogs: boolean }): ChatWrapper
  readonly LlamaText: (...values: unknown[]) => LlamaTextLike
  readonly TokenBias: { for(model: Model): TokenBias }
  readonly LlamaGrammarEvaluationState: new (options: {
    readonly model: Model
    readonly grammar: LlamaGrammar
  }) => GrammarState
  getModuleVersion?(): Promise<string>
}
