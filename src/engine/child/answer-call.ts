// edge: makes llama.cpp call a tool.
import type { ChatWriter } from './chat-writer.ts'
import type { Outcome } from './generate.ts'
import type { Token } from './llama-api.ts'
import type { Tool } from './parse-output-shape.ts'
import { type Generation, type Place, runModel } from './run-model.ts'
import { choiceGrammar, type GrammarOptions, schemaGrammar } from './schema-grammar.ts'
import { readToolForm, type ToolForm } from './tool-form.ts'

export interface CallJob {
  readonly tools: readonly Tool[]
  /** The prompt and what the model has said so far, with the request's sampling. */
  readonly generation: Generation
  readonly grammarOptions: GrammarOptions
  readonly newCallId: () => string
}

/** The model's choice among several tools, by a grammar of their names. */
async function chooseTool(place: Place, job: CallJob, form: ToolForm | null) {
  const [only, ...others] = job.tools
  if (only !== undefined && others.length === 0) return { tool: only, outcomes: [] }
  let name = ''
  const generation = {
    ...job.generation,
    promptTokens: [...job.generation.promptTokens, ...(form?.beforeName ?? [])],
    grammar: choiceGrammar(job.tools.map((t) => t.name)),
  }
  const outcome = await runModel(place, generation, (piece) => {
    name += piece.text
  })
  // Cut short by max_tokens, the beginning of a name still tells some tool.
  const tool =
    job.tools.find((t) => t.name === name) ?? job.tools.find((t) => t.name.startsWith(name))
  return { tool: tool ?? (only as Tool), outcomes: [outcome] }
}

const spentOf = (outcomes: readonly Outcome[]): number =>
  outcomes.reduce((sum, o) => sum + o.completionTokens, 0)

/**
 * Makes the model call one of the tools, with arguments that fit their schema. Where the template
 * has a form for calls the model reads it before the name and the arguments; where it has none it
 * reads nothing: names and schemas never enter its prompt.
 */
export async function answerCall(
  place: Place,
  job: CallJob,
  writer: ChatWriter,
): Promise<{ finish: 'tool_calls' | 'length'; outcomes: readonly Outcome[] }> {
  const form = readToolForm(place.loaded)
  const { tool, outcomes } = await chooseTool(place, job, form)
  writer.callStart(job.newCallId(), tool.name)
  const { maxTokens, promptTokens } = job.generation
  const head: readonly Token[] = form?.beforeArguments(tool.name) ?? []
  const outcome = await runModel(
    place,
    {
      ...job.generation,
      promptTokens: [...promptTokens, ...head],
      grammar: schemaGrammar(tool.parameters, job.grammarOptions).grammar,
      grammarParam: tool.param,
      maxTokens: maxTokens === undefined ? undefined : Math.max(1, maxTokens - spentOf(outcomes)),
    },
    (piece) => writer.callArguments(piece.text),
  )
  const finish = outcome.finish === 'length' ? 'length' : 'tool_calls'
  return { finish, outcomes: [...outcomes, outcome] }
}
