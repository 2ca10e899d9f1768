import { commandFolder, direction, roleOf, topFiles } from './table.ts'
import {
  domainOf,
  type Finding,
  finding,
  isTest,
  type Reference,
  type Rule,
  type Source,
  shippedSources,
  type Tree,
} from './tree.ts'

const order = direction.flat()

/** How high a file stands: a file imports only lower ones. -1: it has no place in the table. */
function heightOf(path: string): number {
  const domain = domainOf(path)
  // Above main.ts and all it knows, below cli.ts, which is its door.
  if (domain === commandFolder) return order.length + topFiles.indexOf('cli.ts') - 0.5
  if (domain !== '') return order.indexOf(domain)
  const top = topFiles.indexOf(path.replace('src/', ''))
  return top === -1 ? -1 : order.length + top
}

function checkDirection(tree: Tree): Finding[] {
  return shippedSources(tree).flatMap((source) =>
    source.references.flatMap((reference) => {
      const problem = wrongDirection(source.path, reference)
      return problem === null ? [] : [finding(source, reference.offset, ...problem)]
    }),
  )
}

function wrongDirection(from: string, { target }: Reference): [string, string] | null {
  if (target === null || target === 'package.json' || target.startsWith('data/')) return null
  if (!target.startsWith('src/'))
    return [`imports ${target}`, 'What ships lives in src/; take the value as an argument']
  if (domainOf(from) === domainOf(target) && domainOf(from) !== '') return null
  if (heightOf(from) === -1)
    return [`${from} has no place in the direction of imports`, 'Add its folder to table.ts']
  if (target === 'src/config.ts')
    return domainOf(from) === '' || domainOf(from) === commandFolder
      ? null
      : ['imports config.ts', 'Only main and cli read it: take what you need as an argument']
  if (heightOf(target) < heightOf(from)) return null
  const remedy = 'Take what you need as a function or value that main.ts passes in'
  return [`${domainOf(from) || from} imports ${target}, which stands higher`, remedy]
}

function checkDoors(tree: Tree): Finding[] {
  const sources = [...tree.sources.values()].filter(({ path }) => /^(src|tests)\//.test(path))
  return sources.flatMap((source) =>
    source.references
      .filter(({ target }) => target !== null && passesBesideDoor(source.path, target))
      .map(({ target, offset }) =>
        finding(
          source,
          offset,
          `imports ${target}, an inner file of another folder`,
          `Import it from src/${domainOf(target ?? '')}/index.ts and export it there`,
        ),
      ),
  )
}

function passesBesideDoor(from: string, target: string): boolean {
  const domain = domainOf(target)
  const isInside = target.startsWith('src/') && domain !== '' && domain !== commandFolder
  const isOwn = from.startsWith('src/') && domainOf(from) === domain
  if (from.startsWith('tests/support/')) return false // it opens for all tests what has no door
  return isInside && !isOwn && target !== `src/${domain}/index.ts`
}

function checkDoorsOnlyReexport(tree: Tree): Finding[] {
  return shippedSources(tree)
    .filter((source) => roleOf(source) === 'door')
    .flatMap((source) => {
      const body = source.program.body as { type: string; start: number; source?: unknown }[]
      return body
        .filter(({ type, source: from }) => !(type.startsWith('Export') && from))
        .map(({ start }) =>
          finding(source, start, 'a door holds more than re-exports', 'Move it to a named file'),
        )
    })
}

function checkCycles(tree: Tree): Finding[] {
  const edges = new Map(
    shippedSources(tree).map((source) => [
      source.path,
      source.references.flatMap(({ target }) => target ?? []),
    ]),
  )
  return findCycles(edges).flatMap((cycle) => {
    const source = tree.sources.get(cycle[0] ?? '')
    const what = `imports go round: ${[...cycle, cycle[0]].join(' → ')}`
    const remedy = 'Move what both need into a file of its own, or pass it as an argument'
    return source === undefined ? [] : [finding(source, 0, what, remedy)]
  })
}

/** One cycle for each file that closes one: depth first, back edges only. */
function findCycles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = []
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at !== -1) cycles.push(trail.slice(at))
    if (at !== -1 || done.has(path)) return
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  return cycles
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

function checkPackages(tree: Tree): Finding[] {
  const manifest: Manifest = JSON.parse(tree.files.get('package.json') ?? '{}')
  const known = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })
  const check = (source: Source): Finding[] =>
    source.references
      .filter(({ target, specifier }) => target === null && !specifier.startsWith('node:'))
      .filter(({ isTypeOnly, specifier }) => !isTypeOnly && !known.includes(packageOf(specifier)))
      .map(({ offset, specifier }) =>
        finding(
          source,
          offset,
          `imports ${specifier}, which is no runtime dependency`,
          'Do without it, or add it to package.json and docs/dependencies.md',
        ),
      )
  return shippedSources(tree).flatMap(check)
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function checkTestsStayOut(tree: Tree): Finding[] {
  return shippedSources(tree).flatMap((source) =>
    source.references
      .filter(({ target }) => target !== null && isTest(target))
      .map(({ offset, target }) =>
        finding(source, offset, `ships with ${target}`, 'Only tests import tests'),
      ),
  )
}

const kernel = { 'src/kernel/index.ts': "export { a } from './a.ts'", 'src/kernel/a.ts': '' }

export const importRules: readonly Rule[] = [
  {
    name: 'imports follow the direction',
    check: checkDirection,
    catches: {
      'a lower folder that imports a higher one': {
        'src/people/a.ts': "import { b } from '../gateway/index.ts'",
      },
      'a type that comes from higher up': {
        'src/people/a.ts': "import type { B } from '../gateway/index.ts'",
      },
      'an inline type import': { 'src/people/a.ts': "type B = import('../http/index.ts').B" },
      'a dynamic import': { 'src/people/a.ts': "const b = await import('../http/index.ts')" },
      'a re-export': { 'src/kernel/index.ts': "export * from '../store/index.ts'" },
      'a folder without a place': {
        'src/bazaar/a.ts': "import { a } from '../kernel/index.ts'",
      },
      'a domain that reads the configuration': {
        'src/http/a.ts': "import { readConfig } from '../config.ts'",
      },
      'main that imports the command line': { 'src/main.ts': "import './cli.ts'" },
      'main that imports a command': { 'src/main.ts': "import './cli/ask.ts'" },
      'code that ships and imports a script': { 'src/main.ts': "import '../scripts/a.ts'" },
    },
    allows: {
      'a higher folder that imports a lower one': {
        'src/gateway/a.ts': "import { b } from '../people/index.ts'",
      },
      'a later name of the same line': {
        'src/catalog/a.ts': "import { b } from '../people/index.ts'",
      },
      'main that knows everybody': {
        'src/main.ts': "import './config.ts'; import { a } from './http/index.ts'",
        'src/cli.ts': "import { ask } from './cli/ask.ts'",
        'src/cli/ask.ts': "import { start } from '../main.ts'",
      },
    },
  },
  {
    name: 'other folders enter through a door',
    check: checkDoors,
    catches: {
      'an inner file': { 'src/people/a.ts': "import { b } from '../kernel/assert.ts'" },
      'types of another folder': {
        'src/gateway/a.ts': "import type { B } from '../people/types.ts'",
      },
      'a test that reaches inside': {
        'tests/a.test.ts': "import { b } from '../src/people/a.ts'",
      },
    },
    allows: {
      'a door': { 'src/people/a.ts': "import { b } from '../kernel/index.ts'" },
      'test support that reaches inside': {
        'tests/support/database.ts': "import { b } from '../../src/store/server.ts'",
      },
      'an own file': { 'src/people/a.ts': "import { b } from './b.ts'" },
    },
  },
  {
    name: 'a door only re-exports',
    check: checkDoorsOnlyReexport,
    catches: {
      'logic in a door': { 'src/people/index.ts': 'export const answer = 42' },
    },
    allows: { 're-exports': kernel },
  },
  {
    name: 'no imports go round',
    check: checkCycles,
    catches: {
      'two files that import each other': {
        'src/people/a.ts': "import { b } from './b.ts'",
        'src/people/b.ts': "import type { A } from './a.ts'",
      },
      'a file that enters by its own door': {
        'src/people/index.ts': "export { a } from './a.ts'",
        'src/people/a.ts': "import { b } from './index.ts'",
      },
    },
    allows: { 'a diamond': { ...kernel, 'src/main.ts': "import './kernel/index.ts'" } },
  },
  {
    name: 'what ships imports only runtime dependencies',
    check: checkPackages,
    catches: {
      'a package for development': {
        'package.json': '{"devDependencies":{"vitest":"1"}}',
        'src/people/a.ts': "import { it } from 'vitest'",
      },
    },
    allows: {
      'dependencies, their parts, and types': {
        'package.json': '{"dependencies":{"pg":"1"},"optionalDependencies":{"@a/b":"1"}}',
        'src/store/a.ts': "import 'pg/lib/a'; import '@a/b/c'; import type { X } from 'x'",
        'src/people/a.test.ts': "import { it } from 'vitest'",
      },
    },
  },
  {
    name: 'only tests import tests',
    check: checkTestsStayOut,
    catches: { 'a file that ships': { 'src/http/a.ts': "import './a.test.ts'" } },
    allows: { 'a test': { 'src/http/a.test.ts': "import '../../tests/support/database.ts'" } },
  },
]
