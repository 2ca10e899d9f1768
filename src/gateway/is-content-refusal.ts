import { isJsonObject, type Json, parseJson } from '../kernel/index.ts'

const CODE =
  /content.?(filter|policy|management|risk)|moderation|data_?inspection|safety|sensitive/i
const WORDS = /content (exists )?risk|content policy|content management policy|safety system/i

/**
 * Whether a provider's error says that the content is refused: an answer of a kind, and no trouble
 * of the provider's. Only where its code, type or words say so.
 */
export function isContentRefusal(body: Buffer, status: number): boolean {
  if (status < 400 || status >= 500) return false
  const value = parseJson(body.toString('utf8'))
  const error = isJsonObject(value) ? (value.error ?? value) : null
  if (error === null || !isJsonObject(error)) return false
  const codes = [error.code, error.type, innerCode(error.innererror)]
  if (codes.some((code) => typeof code === 'string' && CODE.test(code))) return true
  return typeof error.message === 'string' && WORDS.test(error.message)
}

function innerCode(inner: Json | undefined): Json | undefined {
  return inner !== undefined && isJsonObject(inner) ? inner.code : undefined
}
