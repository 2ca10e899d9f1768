import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { isJsonObject, parseJson } from '../../kernel/index.ts'
import { count } from '../words.ts'
import { broken, type Check, ok, warning } from './check.ts'

/** What a model card of the package says of its file. */
interface Card {
  readonly model: string
  readonly fileName: string
  readonly sha256: string
}

const RESTORE = 'Restore the folder "models" of the package, in a checkout "git checkout models".'

/** Whether the house models are there and are what their cards say. */
export async function checkHouseModels(packageRoot: string): Promise<Check> {
  const folder = join(packageRoot, 'models')
  const cards = readCards(folder)
  if (cards.length === 0) return warning('house models', `no model cards in ${folder}`, RESTORE)
  const faults: string[] = []
  for (const card of cards) {
    const path = join(folder, card.fileName)
    if (!existsSync(path)) faults.push(`${card.fileName} is missing`)
    else if ((await hashOf(path)) !== card.sha256)
      faults.push(`${card.fileName} is not the file of its card`)
  }
  if (faults.length > 0) return broken('house models', faults.join(', '), RESTORE)
  return ok('house models', `${count(cards.length, 'file')} as their cards say`)
}

function readCards(folder: string): Card[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => readCard(join(folder, name)))
}

function readCard(path: string): Card[] {
  const card = parseJson(readFileSync(path, 'utf8'))
  if (!isJsonObject(card) || !isJsonObject(card.file)) return []
  const { name, sha256 } = card.file
  if (typeof name !== 'string' || typeof sha256 !== 'string') return []
  return [{ model: String(card.name), fileName: name, sha256 }]
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
