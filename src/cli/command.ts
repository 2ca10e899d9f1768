import type { Command } from 'commander'
import { type Config, type Environment, readConfig } from '../config.ts'
import type { Json } from '../kernel/index.ts'
import { MarketClient } from './client.ts'
import { findMarket } from './find-market.ts'
import { type Column, formatTable } from './format-table.ts'
import { printable, type Terminal } from './terminal.ts'

/** What every command works with. */
export interface Desk {
  readonly terminal: Terminal
  readonly environment: Environment
  /** The words of the command line, as they were given. */
  readonly args: readonly string[]
  /** The settings; refuses when one of them cannot be used. */
  config(): Config
  /** The market to talk to; fails when there is none. */
  market(): MarketClient
}

/** Options of every command. */
export interface CommonOptions {
  readonly json?: boolean
}

export function openDesk(
  terminal: Terminal,
  environment: Environment,
  args: readonly string[],
): Desk {
  const config = () => readConfig(environment)
  const market = () => new MarketClient(findMarket(config()))
  return { terminal, environment, args, config, market }
}

/** Every command that answers takes `--json`. */
export function withJson(command: Command): Command {
  return command.option('--json', 'print the answer as JSON')
}

/** Prints JSON for programs. */
export function printJson(terminal: Terminal, value: Json | object): void {
  terminal.out(`${JSON.stringify(value, null, 2)}\n`)
}

/** Prints an aligned table, or `empty` when there are no rows. */
export function printTable(
  terminal: Terminal,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  empty: string,
): void {
  if (rows.length === 0) {
    terminal.out(`${empty}\n`)
    return
  }
  const safe = rows.map((row) => row.map((cell) => printable(cell).replaceAll('\n', ' ')))
  const styleHead = (text: string) => terminal.styleOut('dim', text)
  terminal.out(formatTable(columns, safe, { columns: terminal.columns, styleHead }))
}

/** Prints lines for a person; what came from elsewhere is made harmless. */
export function printLines(terminal: Terminal, ...lines: readonly string[]): void {
  terminal.out(`${lines.map((text) => printable(text)).join('\n')}\n`)
}
