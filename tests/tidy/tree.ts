import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, extname, join, posix } from 'node:path'
import { parseSync } from 'rolldown/utils'

/** A node of the syntax tree: what all rules need of it. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

export interface Comment {
  readonly value: string
  readonly start: number
  readonly end: number
}

/** One parsed file of ours. Paths are relative to the repository, with forward slashes. */
export interface Source {
  readonly path: string
  readonly text: string
  readonly program: Node
  readonly comments: readonly Comment[]
  /** Everything it imports or re-exports, dynamic imports and type imports included. */
  readonly references: readonly Reference[]
  /** Where each line begins. */
  readonly lineStarts: readonly number[]
  /** The parser's words where the file does not parse; null: it does. */
  readonly problem: string | null
}

/** The repository as the rules see it. */
export interface Tree {
  /** Every file, TypeScript or not; binaries are there with an empty text. */
  readonly files: ReadonlyMap<string, string>
  readonly sources: ReadonlyMap<string, Source>
}

/** A breach of a rule: where it is and how it is mended. */
export interface Finding {
  readonly path: string
  /** Counted from 1. */
  readonly line: number
  readonly what: string
  readonly remedy: string
}

/** Small repositories by path, to show what a rule catches and what it lets pass. */
export type Samples = Readonly<Record<string, Readonly<Record<string, string>>>>

/** A rule of the house, with samples that prove that it catches something. */
export interface Rule {
  readonly name: string
  readonly check: (tree: Tree) => readonly Finding[]
  readonly catches: Samples
  readonly allows: Samples
}

const skippedFolders = new Set(['node_modules', 'build', 'coverage', '__pycache__'])
const keptDotFolders = new Set(['.ci'])
const skippedEndings = new Set(['.pt', '.log'])
const binaryEndings = new Set(['.gguf', '.png', '.jpg', '.woff2', '.gz', '.ico'])
const parsedEndings = new Set(['.ts', '.tsx', '.mjs'])

/** The files of a repository on disk, without what git ignores. */
export function readTree(root: string): Tree {
  const files = new Map<string, string>()
  const pending = ['']
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name)
      if (entry.isDirectory() && isOurs(entry.name)) pending.push(path)
      if (entry.isFile() && !skippedEndings.has(extname(path)))
        files.set(
          path,
          binaryEndings.has(extname(path)) ? '' : readFileSync(join(root, path), 'utf8'),
        )
    }
  }
  return treeOf(files)
}

/** Caches of tools are in folders that begin with a dot. */
function isOurs(folder: string): boolean {
  return folder.startsWith('.') ? keptDotFolders.has(folder) : !skippedFolders.has(folder)
}

/** A tree of files given by hand: what the samples of the rules are made of. */
export function treeOf(files: ReadonlyMap<string, string>): Tree {
  const sources = new Map<string, Source>()
  for (const path of [...files.keys()].sort()) {
    if (parsedEndings.has(extname(path)) && !path.endsWith('.d.ts'))
      sources.set(path, parse(path, files.get(path) ?? ''))
  }
  return { files, sources }
}

function parse(path: string, text: string): Source {
  const { program, comments, errors } = parseSync(basename(path), text)
  const root = program as unknown as Node
  return {
    path,
    text,
    program: root,
    comments,
    references: readReferences(path, root),
    lineStarts: [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)],
    problem: errors[0]?.message ?? null,
  }
}

/** Calls `visit` for `node` and all below it, parents first; `false` leaves out what is inside. */
export function walk(
  node: Node,
  visit: (node: Node, parents: readonly Node[]) => unknown,
  parents: readonly Node[] = [],
): void {
  if (visit(node, parents) === false) return
  const inside = [...parents, node]
  for (const child of childrenOf(node)) walk(child, visit, inside)
}

function childrenOf(node: Node): Node[] {
  const found: Node[] = []
  for (const key in node) {
    const value = node[key]
    if (Array.isArray(value)) for (const one of value) isNode(one) && found.push(one)
    else if (isNode(value)) found.push(value)
  }
  return found
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

/** The dotted name of an identifier or member chain (`process.env.PORT`); '' for anything else. */
export function dottedName(value: unknown): string {
  if (!isNode(value)) return ''
  if (value.type === 'Identifier') return String(value.name)
  if (value.type !== 'MemberExpression' || value.computed === true) return ''
  const object = dottedName(value.object)
  return object === '' ? '' : `${object}.${dottedName(value.property)}`
}

/** The text of a string literal; undefined for anything else. */
export function stringOf(value: unknown): string | undefined {
  if (!isNode(value) || value.type !== 'Literal') return undefined
  return typeof value.value === 'string' ? value.value : undefined
}

/** The number, from 1, of the line that holds the character at `offset`. */
export function lineAt({ lineStarts }: Source, offset: number): number {
  let [low, high] = [0, lineStarts.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((lineStarts[middle] ?? 0) <= offset) low = middle
    else high = middle
  }
  return low + 1
}

export function finding(source: Source, offset: number, what: string, remedy: string): Finding {
  return { path: source.path, line: lineAt(source, offset), what, remedy }
}

export function formatFinding({ path, line, what, remedy }: Finding): string {
  return `${path}:${line}: ${what}. ${remedy}`
}

export function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path) || path.startsWith('tests/')
}

/** The files of src/ that ship: no tests. */
export function shippedSources(tree: Tree): Source[] {
  return [...tree.sources.values()].filter(({ path }) => path.startsWith('src/') && !isTest(path))
}

/** The folder of src/ a file belongs to; '' for a file directly in src/. */
export function domainOf(path: string): string {
  const parts = path.split('/')
  return parts.length > 2 ? (parts[1] ?? '') : ''
}

/** A reference to another file or a package, as it is written. */
export interface Reference {
  readonly specifier: string
  /** The file meant, for relative references; null for packages. */
  readonly target: string | null
  readonly offset: number
  /** Whether it vanishes when the types are stripped. */
  readonly isTypeOnly: boolean
  /** Names taken from the other side, under their names there; null: all. */
  readonly names: readonly string[] | null
}

function readReferences(path: string, program: Node): Reference[] {
  const found: Reference[] = []
  walk(program, (node) => {
    const specifier = stringOf(node.source)
    if (specifier === undefined) return
    const { isTypeOnly, names } = bindingsOf(node)
    const target = targetOf(path, specifier)
    found.push({ specifier, target, offset: node.start, isTypeOnly, names })
  })
  return found
}

export function targetOf(from: string, specifier: string): string | null {
  return specifier.startsWith('.') ? posix.join(dirname(from), specifier) : null
}

function bindingsOf(node: Node): Pick<Reference, 'isTypeOnly' | 'names'> {
  const kind = node.importKind ?? node.exportKind
  const specifiers = Array.isArray(node.specifiers) ? node.specifiers.filter(isNode) : []
  const values = specifiers.filter((one) => (one.importKind ?? one.exportKind) !== 'type')
  const isTypeOnly =
    node.type === 'TSImportType' ||
    kind === 'type' ||
    (specifiers.length > 0 && values.length === 0)
  const takesAll =
    specifiers.length === 0 || values.some((one) => one.type === 'ImportNamespaceSpecifier')
  return { isTypeOnly, names: takesAll ? null : values.map(nameThere) }
}

function nameThere(specifier: Node): string {
  if (specifier.type === 'ImportDefaultSpecifier') return 'default'
  const there = specifier.type === 'ImportSpecifier' ? specifier.imported : specifier.local
  return dottedName(there)
}
