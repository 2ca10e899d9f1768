/** Why a certificate no longer stands. */
export type CertificateEnd = 'reversed' | 'retired' | 'drift' | 'second_person'

/** A certified claim on record. Names, since places in a board change from version to version. */
export interface Certificate {
  readonly better: string
  readonly worse: string
  /** When the board version that certified it was made: ISO 8601, UTC. */
  readonly since: string
  /** Null: it stands. */
  readonly ended: { readonly at: string; readonly reason: CertificateEnd } | null
}

/** The certificates of one board, oldest first, with those that have ended. */
export interface CertificateRecord {
  readonly certificates: readonly Certificate[]
  /** Whether the last version was one person's taste. */
  readonly isOnePerson: boolean
}

/** What the record needs of a new version of the board. */
export interface CertifyingVersion {
  readonly at: string
  /** Certified in this version: better and worse. */
  readonly certified: readonly (readonly [better: string, worse: string])[]
  /** Models that are retired, and models with a drift alarm that nobody has settled yet. */
  readonly retired: ReadonlySet<string>
  readonly drifted: ReadonlySet<string>
  readonly isOnePerson: boolean
}

export const noCertificates: CertificateRecord = { certificates: [], isOnePerson: false }

/**
 * The record after a new version. A certificate stays, with its date, though the version itself
 * may certify less, until the reverse is certified, one of the two is retired, a drift alarm voids
 * it, or a one-person board gets its second person; which came first is told in that order.
 * What the version certifies and does not stand yet begins with its date, except where one of the
 * two is retired or under a drift alarm. Certificates of different dates may form a cycle.
 */
export function keepCertificates(
  record: CertificateRecord,
  version: CertifyingVersion,
): CertificateRecord {
  const hasSecondPerson = record.isOnePerson && !version.isOnePerson
  const today = new Set(version.certified.map(([better, worse]) => keyOf(better, worse)))
  const kept = record.certificates.map((certificate) => {
    if (certificate.ended !== null) return certificate
    const reason = whyEnded(certificate, { version, today, hasSecondPerson })
    return reason === null ? certificate : { ...certificate, ended: { at: version.at, reason } }
  })
  const standing = new Set(
    kept.filter(({ ended }) => ended === null).map(({ better, worse }) => keyOf(better, worse)),
  )
  const begun = version.certified
    .filter(([better, worse]) => !standing.has(keyOf(better, worse)))
    .filter((pair) => !pair.some((name) => isOut(name, version)))
    .map(([better, worse]): Certificate => ({ better, worse, since: version.at, ended: null }))
  return { certificates: [...kept, ...begun], isOnePerson: version.isOnePerson }
}

interface Happened {
  readonly version: CertifyingVersion
  readonly today: ReadonlySet<string>
  readonly hasSecondPerson: boolean
}

function whyEnded(
  { better, worse }: Certificate,
  { version, today, hasSecondPerson }: Happened,
): CertificateEnd | null {
  if (today.has(keyOf(worse, better))) return 'reversed'
  if (version.retired.has(better) || version.retired.has(worse)) return 'retired'
  if (version.drifted.has(better) || version.drifted.has(worse)) return 'drift'
  return hasSecondPerson ? 'second_person' : null
}

function isOut(name: string, { retired, drifted }: CertifyingVersion): boolean {
  return retired.has(name) || drifted.has(name)
}

/** Names may hold any character, so the two are kept apart by their quotes. */
function keyOf(better: string, worse: string): string {
  return JSON.stringify([better, worse])
}
