import { isJsonObject, type Json, type JsonObject } from '../../kernel/index.ts'
import { refuse } from '../errors.ts'

/** Refuses one parameter of a request: 400 with `param`. */
export const refuseParam = (param: string, message: string) =>
  refuse('engine_request_invalid', message, { param })

/** A number within bounds; undefined: absent or null. */
export function readNumber(
  body: JsonObject,
  param: string,
  bounds: { readonly min: number; readonly max: number; readonly isInteger?: boolean },
): number | undefined {
  const value = body[param]
  if (value === undefined || value === null) return undefined
  const isRight =
    typeof value === 'number' && (bounds.isInteger !== true || Number.isInteger(value))
  if (!isRight || value < bounds.min || value > bounds.max)
    throw refuseParam(
      param,
      `"${param}" must be ${bounds.isInteger === true ? 'an integer' : 'a number'} between ${bounds.min} and ${bounds.max}.`,
    )
  return value
}

export function readBoolean(body: JsonObject, param: string): boolean {
  const value = body[param]
  if (value === undefined || value === null) return false
  if (typeof value !== 'boolean') throw refuseParam(param, `"${param}" must be true or false.`)
  return value
}

export function readModelName(body: JsonObject): string {
  const value = body.model
  if (typeof value !== 'string' || value === '')
    throw refuseParam('model', '"model" must be the name of a model.')
  return value
}

const MAX_STOPS = 4
const MAX_STOP_LENGTH = 1_024

/** `stop` as a list: none, one string, or up to four. Empty ones would stop everything: refused. */
export function readStops(body: JsonObject): readonly string[] {
  const value = body.stop
  if (value === undefined || value === null) return []
  const list: readonly Json[] = Array.isArray(value) ? value : [value]
  if (list.length > MAX_STOPS)
    throw refuseParam('stop', `"stop" takes at most ${MAX_STOPS} strings.`)
  return list.map((stop) => {
    if (typeof stop !== 'string' || stop === '' || stop.length > MAX_STOP_LENGTH)
      throw refuseParam('stop', '"stop" must be a string or up to 4 strings, none of them empty.')
    return stop
  })
}

/** An object under `param`; undefined: absent or null. */
export function readObject(body: JsonObject, param: string): JsonObject | undefined {
  const value = body[param]
  if (value === undefined || value === null) return undefined
  if (!isJsonObject(value)) throw refuseParam(param, `"${param}" must be an object.`)
  return value
}

/** What this engine cannot do is refused by name: nobody should wonder why it had no effect. */
export function refuseUnsupported(body: JsonObject, params: Readonly<Record<string, string>>) {
  for (const [param, why] of Object.entries(params)) {
    const value = body[param]
    if (value !== undefined && value !== null && value !== false) throw refuseParam(param, why)
  }
}
