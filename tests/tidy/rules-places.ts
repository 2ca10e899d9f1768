import { commandFolder, roleOf } from './table.ts'
import {
  domainOf,
  dottedName,
  type Finding,
  finding,
  isTest,
  type Node,
  type Rule,
  type Source,
  shippedSources,
  stringOf,
  type Tree,
  walk,
} from './tree.ts'

/** Findings for each node that `what` names a reason against. */
function findNodes(
  source: Source,
  what: (node: Node, parents: readonly Node[]) => string | null,
  remedy: string,
): Finding[] {
  const found: Finding[] = []
  walk(source.program, (node, parents) => {
    const reason = what(node, parents)
    if (reason !== null) found.push(finding(source, node.start, reason, remedy))
  })
  return found
}

/** How SQL begins, in one case: a sentence in English begins with a capital and goes on small. */
const sqlText = new RegExp(
  [
    'select\\s+(.*\\sfrom\\s|\\d|\\w+\\()',
    'insert\\s+into\\s',
    'update\\s+\\S+\\s+set\\s',
    'delete\\s+from\\s',
    'with\\s+\\S+\\s+as\\s*\\(',
    '(create|alter|drop|truncate)\\s+(unique\\s+)?(table|index|schema|type|function|role)\\b',
  ]
    .flatMap((part) => [part, part.replace(/\\?[a-z]+/g, upperWord)])
    .map((part) => `^\\s*${part}`)
    .join('|'),
  's',
)

function upperWord(text: string): string {
  return text.startsWith('\\') ? text : text.toUpperCase()
}

const queryBuilders = /\.(selectFrom|insertInto|updateTable|deleteFrom|mergeInto|withTables)$/
const sqlRemedy = 'Move it to the store.ts of the folder and call it by a verb'

function checkSql(tree: Tree): Finding[] {
  return shippedSources(tree)
    .filter((source) => domainOf(source.path) !== 'store' && roleOf(source) !== 'store')
    .flatMap((source) => [
      ...findNodes(source, sqlIn, sqlRemedy),
      ...source.references
        .filter(({ specifier, isTypeOnly }) => !isTypeOnly && /^(pg|kysely)$/.test(specifier))
        .map(({ offset, specifier }) =>
          finding(source, offset, `imports ${specifier} outside a store`, sqlRemedy),
        ),
    ])
}

function sqlIn(node: Node): string | null {
  const text = node.type === 'TemplateElement' ? rawText(node) : stringOf(node)
  if (text !== undefined && sqlText.test(text)) return 'SQL outside a store'
  if (node.type === 'TaggedTemplateExpression' && /^sql(\.|$)/.test(dottedName(node.tag)))
    return 'SQL outside a store'
  const callee = node.type === 'CallExpression' ? lastName(node.callee) : ''
  return queryBuilders.test(callee) || callee === '.query' ? `${callee}() outside a store` : null
}

function rawText(node: Node): string {
  const value = node.value
  return typeof value === 'object' && value !== null && 'raw' in value ? String(value.raw) : ''
}

/** `.name` of a call on anything; '' where the callee is no member. */
function lastName(callee: unknown): string {
  const node = callee as Node
  if (node.type !== 'MemberExpression' || node.computed === true) return ''
  return `.${dottedName(node.property)}`
}

function checkEnvironment(tree: Tree): Finding[] {
  const read = (node: Node): string | null =>
    dottedName(node) === 'process.env' ? 'reads the environment' : null
  return shippedSources(tree)
    .filter(({ path }) => path !== 'src/config.ts')
    .flatMap((source) =>
      findNodes(source, read, 'src/config.ts reads it; take the value as an argument'),
    )
}

function checkConsole(tree: Tree): Finding[] {
  const print = (node: Node): string | null =>
    node.type === 'MemberExpression' && dottedName(node.object) === 'console'
      ? `prints with ${dottedName(node)}`
      : null
  return shippedSources(tree)
    .filter(({ path }) => path !== 'src/cli.ts' && domainOf(path) !== commandFolder)
    .flatMap((source) =>
      findNodes(source, print, 'Use the log that was passed in; only the command line prints'),
    )
}

function checkJson(tree: Tree): Finding[] {
  const parse = (node: Node): string | null =>
    dottedName(node) === 'JSON.parse' ? 'parses JSON on its own' : null
  return shippedSources(tree)
    .filter(({ path }) => path !== 'src/kernel/json.ts')
    .flatMap((source) => findNodes(source, parse, 'Use parseJson of the kernel'))
}

function checkParses(tree: Tree): Finding[] {
  return [...tree.sources.values()].flatMap((source) =>
    source.problem === null ? [] : [finding(source, 0, 'does not parse', source.problem)],
  )
}

const escapes = /@ts-(ignore|expect-error|nocheck)/

function checkTypes(tree: Tree): Finding[] {
  return [...tree.sources.values()].flatMap((source) => [
    ...findNodes(
      source,
      ({ type }) => (type === 'TSAnyKeyword' && !isTest(source.path) ? 'the type any' : null),
      'Name the type, or take unknown and narrow it',
    ),
    ...findNodes(
      source,
      ({ type }) => (type === 'TSNonNullExpression' ? 'an assertion with !' : null),
      'Handle the absent case, or assert it with a message',
    ),
    ...source.comments
      .filter(({ value }) => escapes.test(value) && !isTest(source.path))
      .map(({ start }) =>
        finding(source, start, 'an escape from the type checker', 'Mend the type'),
      ),
  ])
}

function checkLeftovers(tree: Tree): Finding[] {
  return [...tree.sources.values()].flatMap((source) =>
    source.comments
      .filter(({ value }) => /\b(TODO|FIXME|XXX|HACK)\b/.test(value))
      .map(({ start }) =>
        finding(source, start, 'a note to do it later', 'Do it now, or open an issue'),
      ),
  )
}

function checkCatch(tree: Tree): Finding[] {
  return [...tree.sources.values()].flatMap((source) =>
    findNodes(
      source,
      (node) => (swallows(node) && !hasReason(source, node) ? 'an error is swallowed' : null),
      'Handle it, or say in a comment inside why nothing is to be done',
    ),
  )
}

/** `catch {}`, or `.catch(() => {})` on a promise. */
function swallows(node: Node): boolean {
  if (node.type === 'CatchClause') return hasEmptyBody(node)
  if (node.type !== 'CallExpression' || lastName(node.callee) !== '.catch') return false
  const [handler] = node.arguments as Node[]
  return handler !== undefined && hasEmptyBody(handler)
}

function hasEmptyBody(node: Node): boolean {
  const body = node.body as Node | undefined
  return body?.type === 'BlockStatement' && (body.body as Node[]).length === 0
}

/** A comment inside, or behind it on its last line. */
function hasReason({ text, comments }: Source, { start, end }: Node): boolean {
  const lineEnd = text.indexOf('\n', end)
  const last = lineEnd === -1 ? text.length : lineEnd
  return comments.some((one) => one.start > start && one.end <= last && one.value.length > 8)
}

function inGateway(text: string): Readonly<Record<string, string>> {
  return { 'src/gateway/service.ts': text }
}

const sqlRule: Rule = {
  name: 'SQL stands only in stores and migrations',
  check: checkSql,
  catches: {
    'a query in a string': inGateway("db.run('select id from people')"),
    'a query in capitals': inGateway("db.run('SELECT count(*) FROM people')"),
    'a query in a template': inGateway('const q = `\n  insert into people values (1)`'),
    'a tagged query': inGateway('const q = sql`now()`'),
    'a query that is built': inGateway("db.selectFrom('people')"),
    'a query that is sent': inGateway('pool.query(text)'),
    'the client of the database': inGateway("import pg from 'pg'"),
    'a change of the schema': inGateway("const q = 'create table people (id uuid)'"),
  },
  allows: {
    'a store': { 'src/gateway/store.ts': "db.selectFrom('people'); const q = sql`now()`" },
    'a named store': { 'src/gateway/usage-store.ts': "pool.query('select 1')" },
    'a migration': { 'src/store/migrations/0001-a.ts': "const sql = 'create table a (b int)'" },
    'words that only look alike': inGateway(
      "const text = 'Select a model from the list'; const b = 'select one'",
    ),
    'a query in a test': { 'src/gateway/a.test.ts': "db.run('select 1')" },
  },
}

const environmentRule: Rule = {
  name: 'only config.ts reads the environment',
  check: checkEnvironment,
  catches: {
    'a service that reads it': inGateway('const port = process.env.PORT'),
    'the composition root': { 'src/main.ts': "const port = process.env['PORT']" },
  },
  allows: {
    'config.ts': { 'src/config.ts': 'export const port = process.env.PORT' },
    'a script': { 'scripts/run.mjs': 'export const port = process.env.PORT' },
  },
}

const consoleRule: Rule = {
  name: 'only the command line prints',
  check: checkConsole,
  catches: { 'a service that prints': inGateway("console.log('hello')") },
  allows: {
    'cli.ts': { 'src/cli.ts': "console.log('hello')" },
    'a command': { 'src/cli/ask.ts': "console.error('hello')" },
  },
}

const jsonRule: Rule = {
  name: 'JSON is parsed in one place',
  check: checkJson,
  catches: { 'a service that parses': inGateway('const a = JSON.parse(text)') },
  allows: {
    'the kernel': { 'src/kernel/json.ts': 'export const a = JSON.parse' },
    'a test': { 'src/kernel/json.test.ts': 'const a = JSON.parse(text)' },
  },
}

const typesRule: Rule = {
  name: 'no escape from the types',
  check: checkTypes,
  catches: {
    any: inGateway('const a: any = 1'),
    'a cast to any': inGateway('const a = b as any'),
    'an assertion': inGateway('const a = b!'),
    'an ignored error': inGateway('// @ts-ignore\nconst a = 1'),
    'an expected error': inGateway('/* @ts-expect-error later */ const a = 1'),
    'any in a script': { 'scripts/a.ts': 'const a: any = 1' },
    'an assertion in a test': { 'tests/a.test.ts': 'const a = b!' },
  },
  allows: {
    unknown: inGateway('const any: unknown = 1'),
    'any in a test, where the linter asks for the reason': { 'tests/a.ts': 'let a: any' },
    'an expected error in a test': { 'tests/a.test.ts': '// @ts-expect-error on purpose\na()' },
  },
}

const leftoversRule: Rule = {
  name: 'nothing is left for later',
  check: checkLeftovers,
  catches: { 'a note': { 'scripts/a.mjs': '// TODO: mend\n' } },
  allows: { 'a word in a text': inGateway("const a = 'TODO'") },
}

const catchRule: Rule = {
  name: 'no error is swallowed',
  check: checkCatch,
  catches: {
    'an empty catch': inGateway('try { a() } catch {}'),
    'an empty handler': inGateway('a().catch(() => {})'),
  },
  allows: {
    'a catch that says why': inGateway('try { a() } catch { /* the socket is gone already */ }'),
    'a handler that says why': inGateway('a().catch(() => {}) // the caller has the error'),
    'a catch that acts': inGateway('try { a() } catch { b() }'),
  },
}

const parsesRule: Rule = {
  name: 'every file parses',
  check: checkParses,
  catches: { 'half a file': inGateway('function f() {') },
  allows: { 'a whole file': inGateway('function f() {}') },
}

export const placeRules: readonly Rule[] = [
  parsesRule,
  sqlRule,
  environmentRule,
  consoleRule,
  jsonRule,
  typesRule,
  leftoversRule,
  catchRule,
]
