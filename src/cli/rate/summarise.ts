import { formatWhole } from '../words.ts'
import type { Diagnostics, RateReport } from './report.ts'

/** What a board says, in one sentence. */
export function summarise(
  report: Pick<RateReport, 'board' | 'claims' | 'method'>,
  diagnostics: Omit<Diagnostics, 'summary'>,
): string {
  const { best, islands } = diagnostics
  const islandsWithVotes = islands.filter((names) => names.length > 1).length
  const where = islandsWithVotes > 1 ? `of the largest of ${islandsWithVotes} islands` : 'here'
  const [first] = report.board
  if (best === null)
    return `${first?.model ?? ''} has the highest rating ${where}; ${report.method} makes no claims.`
  if (best.status === 'certified')
    return `${best.leader} is certified best ${where}${caveatOf(report)}.`
  const ahead = `${best.leader} leads ${where}`
  const decided = decidedBy(best)
  if (best.status === 'leaning') return `${ahead}; votes lean its way, and ${decided}.`
  const rivals = `${formatWhole(best.rivals)} ${best.rivals === 1 ? 'rival' : 'rivals'}`
  return `${ahead}, but votes do not tell it from ${rivals}; ${decided}.`
}

function caveatOf({ claims }: Pick<RateReport, 'claims'>): string {
  return claims.some(({ caveats }) => caveats.includes('matchups_unchecked'))
    ? ', if one scale holds: too few models to check matchups'
    : ''
}

function decidedBy({ reason, more_votes }: NonNullable<Diagnostics['best']>): string {
  if (reason === 'votes' && more_votes !== null)
    return `about ${formatWhole(roundUp(more_votes))} more would certify it`
  if (reason === 'raters') return 'more people must vote before anything is certified'
  return 'more votes will not settle this; more models or a slice might'
}

/** Two digits are more than such a forecast knows. */
function roundUp(votes: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, votes))) - 1)
  return Math.ceil(votes / unit) * unit
}
