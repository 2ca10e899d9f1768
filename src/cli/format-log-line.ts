import { isJsonObject, parseJson } from '../kernel/index.ts'
import { printable } from './terminal.ts'

const LEVELS: Readonly<Record<string, string>> = {
  '20': 'debug',
  '30': 'info',
  '40': 'warning',
  '50': 'error',
  '60': 'fatal',
}
const LEFT_OUT = ['level', 'time', 'msg', 'pid', 'hostname']

/** A line of the structured log for a person: `15:04:05 warning: words (field: value)`. */
export function formatLogLine(line: string): string {
  const entry = parseJson(line)
  if (!isJsonObject(entry)) return printable(line)
  const time =
    typeof entry.time === 'number' ? `${new Date(entry.time).toISOString().slice(11, 19)} ` : ''
  const fields = Object.entries(entry)
    .filter(([name]) => !LEFT_OUT.includes(name))
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : brief(value)}`)
  const level = LEVELS[String(entry.level)] ?? 'log'
  const words = `${time}${level}: ${String(entry.msg ?? '')}`
  const more = fields.length === 0 ? '' : ` (${fields.join(', ')})`
  return `${printable(words + more).replaceAll('\n', ' ')}\n`
}

function brief(value: unknown): string {
  return isJsonObject(value as never) && 'message' in (value as object)
    ? String((value as { message: unknown }).message)
    : JSON.stringify(value)
}
