import { expect, test } from 'vitest'
import {
  type CertificateRecord,
  type CertifyingVersion,
  keepCertificates,
  noCertificates,
} from './keep-certificates.ts'

const nobody: ReadonlySet<string> = new Set()

function versionOf(day: number, about: Partial<CertifyingVersion>): CertifyingVersion {
  const at = `2026-11-${String(day).padStart(2, '0')}T00:00:00Z`
  return { at, certified: [], retired: nobody, drifted: nobody, isOnePerson: false, ...about }
}

function recordOf(...versions: readonly Partial<CertifyingVersion>[]): CertificateRecord {
  return versions.reduce<CertificateRecord>(
    (record, about, index) => keepCertificates(record, versionOf(index + 1, about)),
    noCertificates,
  )
}

function shown({ certificates }: CertificateRecord): string[] {
  return certificates.map(({ better, worse, since, ended }) => {
    const end = ended === null ? 'stands' : `${ended.reason} ${ended.at.slice(8, 10)}`
    return `${better}>${worse} ${since.slice(8, 10)} ${end}`
  })
}

test('a certificate stays with its first date though later versions certify less', () => {
  const record = recordOf(
    { certified: [['a', 'b']] },
    { certified: [] },
    { certified: [['a', 'b']] },
  )
  expect(shown(record)).toEqual(['a>b 01 stands'])
})

test('the reverse, once certified, ends it and begins', () => {
  const record = recordOf({ certified: [['a', 'b']] }, { certified: [['b', 'a']] })
  expect(shown(record)).toEqual(['a>b 01 reversed 02', 'b>a 02 stands'])
})

test('retiring either model ends it, and restoring it begins a new one at its day', () => {
  const retired = new Set(['b'])
  const record = recordOf(
    {
      certified: [
        ['a', 'b'],
        ['a', 'c'],
      ],
    },
    {
      certified: [
        ['a', 'b'],
        ['a', 'c'],
      ],
      retired,
    },
    {
      certified: [
        ['a', 'b'],
        ['a', 'c'],
      ],
    },
  )
  expect(shown(record)).toEqual(['a>b 01 retired 02', 'a>c 01 stands', 'a>b 03 stands'])
})

test('a drift alarm voids what stands, and nothing begins until it is settled', () => {
  const drifted = new Set(['a'])
  const record = recordOf(
    { certified: [['a', 'b']] },
    { certified: [['a', 'b']], drifted },
    {
      certified: [
        ['a', 'b'],
        ['c', 'a'],
        ['c', 'b'],
      ],
      drifted,
    },
    { certified: [['a', 'b']] },
  )
  expect(shown(record)).toEqual(['a>b 01 drift 02', 'c>b 03 stands', 'a>b 04 stands'])
})

test('claims of one person lapse when a second one votes, and may be certified again', () => {
  const record = recordOf(
    {
      certified: [
        ['a', 'b'],
        ['a', 'c'],
      ],
      isOnePerson: true,
    },
    {
      certified: [
        ['a', 'b'],
        ['a', 'c'],
      ],
      isOnePerson: true,
    },
    { certified: [['a', 'c']] },
    { certified: [['a', 'c']] },
  )
  expect(shown(record)).toEqual([
    'a>b 01 second_person 03',
    'a>c 01 second_person 03',
    'a>c 03 stands',
  ])
})

test('names that look like two names are kept apart', () => {
  const record = recordOf({ certified: [['a","b', 'c']] }, { certified: [['a', 'b","c']] })
  expect(shown(record)).toEqual(['a","b>c 01 stands', 'a>b","c 02 stands'])
})
