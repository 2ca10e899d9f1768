import { isPure, pureImports, roleOf } from './table.ts'
import {
  dottedName,
  type Finding,
  finding,
  isNode,
  type Node,
  type Reference,
  type Rule,
  type Source,
  shippedSources,
  type Tree,
  targetOf,
  walk,
} from './tree.ts'

const markRemedy =
  'Take it as an argument; a file that must touch the world starts with `// edge: talks to …`'

/** Globals that make a function answer differently for the same arguments. */
const worldly = new Set([
  'fetch',
  'process',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'performance',
  'crypto',
  'globalThis',
  'console',
  'WebSocket',
])
const worldlyMembers = new Set(['Date.now', 'Math.random'])

function checkGlobals(tree: Tree): Finding[] {
  return shippedSources(tree).filter(isPure).flatMap(globalsUsed)
}

function globalsUsed(source: Source): Finding[] {
  const own = declaredNames(source.program)
  const found: Finding[] = []
  walk(source.program, (node, parents) => {
    if (isTypeOnly(node)) return false
    const used = globalUsed(node, parents.at(-1))
    const root = used?.split('.')[0] ?? ''
    if (used !== null && !own.has(root))
      found.push(finding(source, node.start, `a core file uses ${used}`, markRemedy))
    return true
  })
  return found
}

function globalUsed(node: Node, parent: Node | undefined): string | null {
  if (node.type === 'NewExpression' || node.type === 'CallExpression') {
    const isNow = dottedName(node.callee) === 'Date' && isEmpty(node.arguments)
    return isNow ? 'Date()' : null
  }
  if (node.type === 'MemberExpression' && worldlyMembers.has(dottedName(node)))
    return dottedName(node)
  const isReference = node.type === 'Identifier' && !isNameOf(node, parent)
  return isReference && worldly.has(dottedName(node)) ? dottedName(node) : null
}

function isEmpty(list: unknown): boolean {
  return Array.isArray(list) && list.length === 0
}

/** Whether an identifier only names a member or a key: `a.fetch`, `{ fetch: 1 }`. */
function isNameOf(node: Node, parent: Node | undefined): boolean {
  if (parent === undefined || parent.computed === true) return false
  if (parent.type === 'MemberExpression') return parent.property === node
  return parent.key === node && parent.shorthand !== true
}

const typedExpressions = new Set([
  'TSAsExpression',
  'TSNonNullExpression',
  'TSSatisfiesExpression',
  'TSTypeAssertion',
  'TSInstantiationExpression',
])

function isTypeOnly({ type }: Node): boolean {
  return type.startsWith('TS') && !typedExpressions.has(type)
}

/** Every name the file binds itself, by import, declaration or parameter. */
function declaredNames(program: Node): Set<string> {
  const names = new Set<string>()
  const bind = (pattern: unknown): void => {
    if (!isNode(pattern)) return
    if (pattern.type === 'Identifier') names.add(dottedName(pattern))
    else walk(pattern, (node) => node.type === 'Identifier' && names.add(dottedName(node)))
  }
  walk(program, (node) => {
    if (node.type.startsWith('Import')) bind(node.local)
    if (node.type === 'VariableDeclarator' || node.type.startsWith('Function')) bind(node.id)
    if (Array.isArray(node.params)) node.params.forEach(bind)
  })
  return names
}

function checkImportsOfCore(tree: Tree): Finding[] {
  return shippedSources(tree)
    .filter((source) => isPure(source) && roleOf(source) !== 'door')
    .flatMap((source) =>
      source.references
        .filter(({ isTypeOnly: vanishes }) => !vanishes)
        .flatMap((reference) => {
          const world = worldBehind(tree, reference)
          const what = `a core file imports ${world}`
          return world === null ? [] : [finding(source, reference.offset, what, markRemedy)]
        }),
    )
}

/** The part of the world that a reference brings in; null: none. */
function worldBehind(tree: Tree, { specifier, target, names }: Reference): string | null {
  if (target === null) return onlyComputes(specifier, names) ? null : specifier
  const source = tree.sources.get(target)
  if (source === undefined) return null
  if (!isPure(source)) return `${target} (${roleOf(source)})`
  for (const name of names ?? [...exportsOf(tree, target).keys()]) {
    const home = exportsOf(tree, target).get(name)
    const origin = home === undefined ? undefined : tree.sources.get(home)
    if (origin !== undefined && !isPure(origin)) return `${name} of ${home} (${roleOf(origin)})`
  }
  return null
}

function onlyComputes(specifier: string, names: Reference['names']): boolean {
  const pure = pureImports[specifier]
  return pure === null || (names ?? ['*']).every((name) => pure?.includes(name))
}

/** The file where each value that `path` exports is made; re-exports are followed. */
function exportsOf(tree: Tree, path: string): Map<string, string> {
  const made = new Map<string, string>()
  const source = tree.sources.get(path)
  const body = Array.isArray(source?.program.body) ? source.program.body.filter(isNode) : []
  for (const node of body.filter(({ type }) => type.startsWith('Export'))) {
    const from = isNode(node.source) ? targetOf(path, String(node.source.value)) : null
    const behind = from === null ? undefined : exportsOf(tree, from)
    if (node.type === 'ExportAllDeclaration')
      for (const [name, home] of behind ?? []) made.set(name, home)
    for (const { there, here } of exportedNames(node))
      made.set(here, behind?.get(there) ?? from ?? path)
  }
  return made
}

function exportedNames(node: Node): { there: string; here: string }[] {
  const specifiers = Array.isArray(node.specifiers) ? node.specifiers.filter(isNode) : []
  const listed = specifiers
    .filter((one) => one.exportKind !== 'type' && node.exportKind !== 'type')
    .map((one) => ({ there: dottedName(one.local), here: dottedName(one.exported) }))
  const declaration = isNode(node.declaration) ? node.declaration : undefined
  const declarators = declaration?.declarations
  const ids = Array.isArray(declarators) ? declarators.map((one) => one.id) : [declaration?.id]
  const own = ids.map(dottedName).filter((name) => name !== '')
  return [...listed, ...own.map((name) => ({ there: name, here: name }))]
}

function core(text: string): Readonly<Record<string, string>> {
  return { 'src/people/decide-role.ts': text }
}

export const purityRules: readonly Rule[] = [
  {
    name: 'core files touch no clock, randomness, network, timer or environment',
    check: checkGlobals,
    catches: {
      'the clock': core('export const now = () => Date.now()'),
      'a date of now': core('export const now = () => new Date()'),
      'the clock of performance': core('export const now = () => performance.now()'),
      randomness: core('export const roll = () => Math.random()'),
      'random identifiers': core('export const id = () => crypto.randomUUID()'),
      'the network': core("export const get = () => fetch('http://a')"),
      'a network call handed on': core('export const api = { fetch }'),
      'the process': core('export const me = process.pid'),
      'a timer': core('setTimeout(() => 1, 1)'),
      'a pure folder whatever the file says': {
        'src/ratings/fit.ts': '// edge: talks to the clock\nexport const now = Date.now()',
      },
    },
    allows: {
      'a given time': core('export const at = (ms: number) => new Date(ms).toISOString()'),
      'names that only look alike': core(
        'export const f = (fetch: () => number, o: { process: 1 }) => fetch() + o.process',
      ),
      'a type of the world': core('export type Get = typeof fetch'),
      'a marked edge': core('// edge: talks to the clock\nexport const now = () => Date.now()'),
      'a service': { 'src/people/service.ts': 'export const now = () => Date.now()' },
    },
  },
  {
    name: 'core files import only core',
    check: checkImportsOfCore,
    catches: {
      'a module of Node': core("import { readFileSync } from 'node:fs'"),
      'the acting part of a module': core("import { randomBytes } from 'node:crypto'"),
      'a whole module of Node': core("import crypto from 'node:crypto'"),
      'a package that acts': core("import { request } from 'undici'"),
      'an edge of its own folder': {
        ...core("import { read } from './read-disk.ts'"),
        'src/people/read-disk.ts': '// edge: talks to the disk\nexport const read = 1',
      },
      'the own store': {
        ...core("import { load } from './store.ts'"),
        'src/people/store.ts': 'export const load = 1',
      },
      'an edge behind a door': {
        ...core("import { newId } from '../kernel/index.ts'"),
        'src/kernel/index.ts': "export * from './ids.ts'",
        'src/kernel/ids.ts': '// edge: talks to randomness\nexport function newId() {}',
      },
    },
    allows: {
      'core behind a door that has edges too': {
        ...core("import { assert, type Id } from '../kernel/index.ts'"),
        'src/kernel/index.ts': "export * from './ids.ts'; export { assert } from './assert.ts'",
        'src/kernel/ids.ts': '// edge: talks to randomness\nexport function newId() {}',
        'src/kernel/assert.ts': 'export function assert() {}',
      },
      'types of anything': core("import type { IncomingMessage } from 'node:http'"),
      'what only computes': core("import { z } from 'zod'; import { hash } from 'node:crypto'"),
    },
  },
]
