// edge: reads the files of prices and rates that ship with the program.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseJson } from '../kernel/index.ts'
import { parsePriceFile } from './parse-price-file.ts'
import { parseRateFile } from './parse-rate-file.ts'
import { openPriceData, type PriceData } from './price-data.ts'
import type { ExchangeRate } from './types.ts'

export interface ShippedData {
  readonly prices: PriceData
  readonly rates: readonly ExchangeRate[]
}

/** What is in `prices/` and `exchange-rates/` of a folder. Refuses with `pricing_file_invalid`. */
export function loadData(folder: string): ShippedData {
  const extractPath = join(folder, 'prices', 'genai-prices.json')
  const extract = existsSync(extractPath) ? parseJson(readFileSync(extractPath, 'utf8')) : null
  return {
    prices: openPriceData(readYamlFiles(folder, 'prices').map(parsePriceFile), extract ?? null),
    rates: readYamlFiles(folder, 'exchange-rates').flatMap(parseRateFile),
  }
}

function readYamlFiles(folder: string, name: string): { name: string; text: string }[] {
  const path = join(folder, name)
  if (!existsSync(path)) return []
  return readdirSync(path)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => ({ name: `${name}/${file}`, text: readFileSync(join(path, file), 'utf8') }))
}
