import { Failure } from './failure.ts'
import { BAIMO } from './words.ts'

export interface Nameable {
  readonly id: string
}

export interface PickOptions<Item> {
  /** What the items are: `key`, `person`. */
  readonly noun: string
  /** The command that lists them. */
  readonly listedBy: string
  /** All that one of them may be called by besides its id. */
  readonly namesOf: (item: Item) => readonly (string | null)[]
  /** What tells those of one name apart, beside the id. */
  readonly tellApart?: (item: Item) => string
}

/** The one item that `word` names, by id or by a name; fails when it is none or several. */
export function pickOne<Item extends Nameable>(
  items: readonly Item[],
  word: string,
  options: PickOptions<Item>,
): Item {
  const { noun, listedBy, namesOf, tellApart } = options
  const wanted = word.toLowerCase()
  const fits = items.filter(
    (item) =>
      item.id === wanted ||
      namesOf(item).some((name) => name !== null && name.toLowerCase() === wanted),
  )
  const [only] = fits
  if (only !== undefined && fits.length === 1) return only
  const tell = (item: Item) =>
    tellApart === undefined ? item.id : `${item.id} (${tellApart(item)})`
  const message =
    fits.length === 0
      ? `There is no ${noun} "${word}". "${BAIMO} ${listedBy}" lists them.`
      : `${fits.length} of them are called "${word}". Give the id: ${fits.map(tell).join(', ')}.`
  throw new Failure(message, {
    facts: { code: fits.length === 0 ? `cli_${noun}_unknown` : `cli_${noun}_ambiguous` },
  })
}
