import type { Schema } from './draw-body.ts'

const text: Schema = { type: 'string' }
const amount: Schema = { type: 'number' }
const flag: Schema = { type: 'boolean' }
const model: Schema = { const: 'acme/normal' }
const streamOptions: Schema = { type: 'object', properties: { include_usage: flag } }
const part: Schema = {
  type: 'object',
  required: ['type', 'text'],
  properties: { type: { enum: ['text', 'image_url'] }, text },
}
const message: Schema = {
  type: 'object',
  required: ['role', 'content'],
  properties: {
    role: { enum: ['system', 'user', 'assistant', 'tool'] },
    content: { anyOf: [text, { type: 'array', items: part }] },
    name: text,
    tool_calls: { type: 'array', items: { type: 'object' } },
  },
}
const sampling = {
  stream: flag,
  stream_options: streamOptions,
  max_tokens: { enum: [1, 2, 3] },
  temperature: amount,
  top_p: amount,
  n: { const: 1 },
  seed: { type: 'integer' },
  stop: { anyOf: [text, { type: 'array', items: text }] },
  logit_bias: { type: 'object' },
  user: text,
}

/** What the relay's routes take, as far as a test must know: they read only a few members. */
export const relaySchemas: Readonly<Record<string, Schema>> = {
  '/v1/chat/completions': {
    type: 'object',
    required: ['model', 'messages', 'max_tokens'],
    properties: {
      model,
      messages: { type: 'array', minItems: 1, items: message },
      tools: { type: 'array', items: { type: 'object' } },
      tool_choice: text,
      response_format: { type: 'object', properties: { type: text, json_schema: text } },
      logprobs: flag,
      top_logprobs: { type: 'integer' },
      ...sampling,
    },
  },
  '/v1/completions': {
    type: 'object',
    required: ['model', 'prompt', 'max_tokens'],
    properties: { model, prompt: { anyOf: [text, { type: 'array', items: text }] }, ...sampling },
  },
  '/v1/embeddings': {
    type: 'object',
    required: ['model', 'input'],
    properties: {
      model,
      input: { anyOf: [text, { type: 'array', items: text }] },
      encoding_format: { enum: ['float', 'base64'] },
      dimensions: { type: 'integer' },
    },
  },
}

/** Modes of the scripted upstream that fail at once: the market answers 4xx, 502, 503 or 504. */
export const failingModels = [
  ...['refuse-400', 'refuse-401', 'refuse-404', 'refuse-429', 'refuse-500', 'refuse-empty'],
  ...['html-502', 'html-200', 'redirect', 'reset-before', 'reset-mid-answer', 'close-mid-answer'],
  ...['bad-http', 'short-body', 'error-first', 'error-mid-answer', 'eof-mid-answer', 'no-done'],
  ...['empty-stream', 'encoding-unknown', 'encoding-broken', 'usage-garbage'],
].map((mode) => `acme/${mode}`)
