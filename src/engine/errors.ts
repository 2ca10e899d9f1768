import { defineErrors, refusalsOf } from '../kernel/index.ts'

export const engineErrors = defineErrors({
  engine_absent: {
    kind: 'unavailable',
    title: 'The engine is not installed or has no binary for this machine; everything else works.',
    isRetryable: false,
  },
  engine_starting: {
    kind: 'unavailable',
    title: 'The engine is still starting; try again in a moment.',
    isRetryable: true,
  },
  engine_file_missing: {
    kind: 'invalid',
    title: 'There is no model file at this path. Give the path of a GGUF file.',
    isRetryable: false,
  },
  engine_file_unreadable: {
    kind: 'invalid',
    title: 'The model file cannot be read. Check its permissions.',
    isRetryable: false,
  },
  engine_file_not_gguf: {
    kind: 'invalid',
    title: 'The file is not a GGUF model, whatever its name says. Add a GGUF file.',
    isRetryable: false,
  },
  engine_file_version: {
    kind: 'invalid',
    title: 'The GGUF file has a version that Baimo does not read. Convert the model again.',
    isRetryable: false,
  },
  engine_file_truncated: {
    kind: 'invalid',
    title: 'The GGUF file ends too early. Download or copy it again.',
    isRetryable: false,
  },
  engine_file_damaged: {
    kind: 'invalid',
    title: 'The GGUF file contradicts itself. Download or convert it again.',
    isRetryable: false,
  },
  engine_file_split: {
    kind: 'invalid',
    title: 'A part of a split model is missing: put all into one folder and add the first.',
    isRetryable: false,
  },
  engine_request_invalid: {
    kind: 'invalid',
    title:
      'The engine cannot serve this request as it is written; the message names the parameter.',
    isRetryable: false,
  },
  engine_request_too_large: {
    kind: 'too_large',
    title: 'The body of the request is larger than 32 MiB. Send less.',
    isRetryable: false,
  },
  engine_route_unknown: {
    kind: 'not_found',
    title: 'The engine has no such route.',
    isRetryable: false,
  },
  engine_context_exceeded: {
    kind: 'invalid',
    title: "The prompt is longer than the model's context. Shorten it.",
    isRetryable: false,
  },
  engine_model_unknown: {
    kind: 'not_found',
    title: 'No model of this name is registered with the engine.',
    isRetryable: false,
  },
  engine_model_too_large: {
    kind: 'unavailable',
    title:
      'The model needs more memory than the engine may use. Raise the budget or add a smaller one.',
    isRetryable: false,
  },
  engine_model_unloadable: {
    kind: 'unavailable',
    title: 'llama.cpp could not load the model. Its architecture may be newer than the engine.',
    isRetryable: false,
  },
  engine_busy: {
    kind: 'exhausted',
    title: 'The queue of the engine is full or the wait too long. Try again after Retry-After.',
    isRetryable: true,
  },
  engine_generation_failed: {
    kind: 'internal',
    title: 'llama.cpp failed while it generated the answer. Try again; see the log.',
    isRetryable: true,
  },
})

export const refuse = refusalsOf(engineErrors)
