import type { RateReport } from './report.ts'

/** All claims of 447 models; of 3,000 models there would be four and a half million. */
const MOST_CLAIMS = 100_000

/** A report with the strongest claims only, and how many that leaves out. */
export function boundClaims(report: RateReport, most: number = MOST_CLAIMS): RateReport {
  const { claims, diagnostics } = report
  if (claims.length <= most) return report
  return {
    ...report,
    claims: claims.slice(0, most),
    diagnostics: { ...diagnostics, claims_left_out: claims.length - most },
  }
}
