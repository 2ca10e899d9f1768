import { type Command, Option } from 'commander'
import type { BoardAnswer, ListedBoardAnswer } from '../boards/index.ts'
import {
  type CommonOptions,
  type Desk,
  printJson,
  printLines,
  printTable,
  withJson,
} from './command.ts'
import { usageFailure } from './failure.ts'
import { formatBoard } from './format-board.ts'
import { BAIMO, formatWhole } from './words.ts'

interface BoardOptions extends CommonOptions {
  readonly style?: boolean
  readonly judgements?: boolean
  readonly mine?: boolean
  readonly all?: boolean
  readonly at?: string
  readonly openness?: string
  readonly size?: string
  readonly country?: string
  readonly maxPrice?: string
  readonly place?: string
}

const HELP = `
BOARD is LEAGUE/SLICE; without it, models/overall. Slices are overall, language:zh,
category:code, length:short, turns:multi and the like: --all lists those with votes.
  ${BAIMO} board models/category:code --style
  ${BAIMO} board --openness weights --max-price 0.01`

/** `baimo board`: what the votes say. */
export function addBoardCommand(program: Command, desk: Desk): void {
  const command = program
    .command('board')
    .argument('[board]', 'LEAGUE/SLICE', 'models/overall')
    .description(
      'what the votes say: ratings with intervals, tiers, claims, and how far to trust them',
    )
    .option('--all', 'list the boards that have votes')
    .option('--mine', 'your own votes alone')
    .option('--style', 'with the style of answers taken out')
    .option('--judgements', 'of programs, not of people')
    .option('--at <version>', 'an earlier version, by its number')
    .option('--openness <word>', 'only models as open as this: closed, weights, …')
    .addOption(
      new Option('--size <class>', 'only models of this size').choices([
        ...['small', 'medium', 'large', 'huge'],
      ]),
    )
    .option('--country <code>', 'only models of publishers there')
    .option('--max-price <amount>', 'only models whose typical request costs no more')
    .option('--place <code>', 'only models that run there')
    .addHelpText('after', HELP)
  withJson(command).action(async (name: string, options: BoardOptions) => {
    if (options.all === true) return listBoards(desk, options)
    const board = await desk.market().get<BoardAnswer>(pathOf(name, options))
    if (options.json === true) return printJson(desk.terminal, board)
    const { above, columns, rows, below } = formatBoard(board)
    printLines(desk.terminal, ...above)
    printTable(desk.terminal, columns, rows, 'No model fits what you asked for.')
    printLines(desk.terminal, ...below)
  })
}

function pathOf(name: string, options: BoardOptions): string {
  const [league, slice, ...rest] = name.split('/')
  if (league === undefined || slice === undefined || rest.length > 0)
    throw usageFailure(`A board is LEAGUE/SLICE, such as models/overall, not ${name}.`)
  const kind = options.judgements === true ? 'judgements' : 'votes'
  const asked = {
    ...(options.style === true ? { style: '1' } : {}),
    version: options.at,
    openness: options.openness,
    size: options.size,
    country: options.country,
    max_price: options.maxPrice,
    place: options.place,
  }
  const query = new URLSearchParams({ kind })
  if (options.mine === true) {
    query.set('league', league)
    query.set('slice', slice)
    return `/api/boards/mine?${query}`
  }
  for (const [key, value] of Object.entries(asked)) if (value !== undefined) query.set(key, value)
  return `/api/boards/${encodeURIComponent(league)}/${encodeURIComponent(slice)}?${query}`
}

async function listBoards({ market, terminal }: Desk, { json }: BoardOptions): Promise<void> {
  const boards = await market().list<ListedBoardAnswer>('/api/boards')
  if (json === true) return printJson(terminal, { data: boards })
  printTable(
    terminal,
    [
      { title: 'BOARD', isWhole: true },
      { title: 'OF' },
      { title: 'STYLE' },
      { title: 'VOTES', side: 'right' },
      { title: 'RATERS', side: 'right' },
      { title: 'MODELS', side: 'right' },
      { title: 'UPDATED' },
    ],
    boards.map((board) => [
      `${board.league}/${board.slice}`,
      board.kind,
      board.has_style_control ? 'out' : 'in',
      formatWhole(board.votes),
      formatWhole(board.raters),
      formatWhole(board.models),
      board.updated_at.slice(0, 16).replace('T', ' '),
    ]),
    'No votes yet.',
  )
}
