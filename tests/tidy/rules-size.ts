import { limits, roleOf } from './table.ts'
import {
  dottedName,
  type Finding,
  finding,
  lineAt,
  type Node,
  type Rule,
  type Source,
  type Tree,
  walk,
} from './tree.ts'

const functions = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])

function checkFunctions(tree: Tree): Finding[] {
  return [...tree.sources.values()].flatMap((source) => {
    const found: Finding[] = []
    walk(source.program, (node, parents) => {
      const lines = lineAt(source, node.end) - lineAt(source, node.start) + 1
      if (lines <= limits.functionLines) return false
      if (!functions.has(node.type) || isGroupOfTests(parents.at(-1))) return true
      const what = `a function of ${lines} lines (${limits.functionLines} at most)`
      found.push(finding(source, node.start, what, 'Name its parts and make them functions'))
      return true
    })
    return found
  })
}

/** `describe(…, () => { … })` is a list of tests, not a function. */
function isGroupOfTests(parent: Node | undefined): boolean {
  return parent?.type === 'CallExpression' && /^describe/.test(calledName(parent))
}

function calledName(call: Node): string {
  const callee = call.callee as Node
  return callee.type === 'CallExpression' ? calledName(callee) : dottedName(callee)
}

function checkFiles(tree: Tree): Finding[] {
  return [...tree.sources.values()].flatMap((source) => {
    const lines = source.text.trimEnd().split('\n').length
    const isList = ['types', 'migration'].includes(roleOf(source)) || holdsOnlyData(source)
    if (lines <= limits.fileLines || isList) return []
    const what = `a file of ${lines} lines (${limits.fileLines} at most)`
    return [finding(source, 0, what, 'Split it by what its parts are about')]
  })
}

/** A table: no function, no loop, no branch. */
function holdsOnlyData({ program }: Source): boolean {
  let hasCode = false
  walk(program, ({ type }) => {
    hasCode ||= functions.has(type) || type.startsWith('For') || type === 'IfStatement'
  })
  return !hasCode
}

function checkLines(tree: Tree): Finding[] {
  return [...tree.sources.values()].flatMap((source) => {
    const found: Finding[] = []
    let offset = 0
    for (const line of source.text.split('\n')) {
      const limit = offset + limits.lineCharacters
      if ([...line].length > limits.lineCharacters && !isUnbreakable(source, limit))
        found.push(finding(source, limit, 'a line of more than 100 characters', 'Break it'))
      offset += line.length + 1
    }
    return found
  })
}

/**
 * Whether a text or a link lies across the limit, or a long text stands before it on the line, as
 * in the first line of a test: these are not cut.
 */
function isUnbreakable({ text, program, comments }: Source, limit: number): boolean {
  const line = limit - limits.lineCharacters
  const end = text.indexOf('\n', limit)
  const link = comments.some((one) => spans(one, limit) && one.value.includes('://'))
  let isText = false
  walk(program, (node) => {
    const isOnLine = node.start <= limit && node.end >= line
    const isLong = node.end - node.start > 60 && node.start >= line && node.end <= end
    if (isOnLine && textTypes.has(node.type) && (spans(node, limit) || isLong)) isText = true
    return isOnLine
  })
  return link || isText
}

const textTypes = new Set(['Literal', 'TemplateLiteral', 'JSXText'])

function spans({ start, end }: { start: number; end: number }, offset: number): boolean {
  return start <= offset && offset <= end
}

function lines(count: number, line = 'a()'): string {
  return Array.from({ length: count }, () => line).join('\n')
}

export const sizeRules: readonly Rule[] = [
  {
    name: 'a function has at most 70 lines',
    check: checkFunctions,
    catches: {
      'a long function': { 'src/http/a.ts': `function f() {\n${lines(70)}\n}` },
      'a long arrow': { 'scripts/a.mjs': `const f = () => {\n${lines(70)}\n}` },
      'a long method': { 'src/http/a.ts': `class A {\n f() {\n${lines(70)}\n}\n}` },
      'a long test': { 'tests/a.test.ts': `it('does', () => {\n${lines(70)}\n})` },
    },
    allows: {
      'a function at the limit': { 'src/http/a.ts': `function f() {\n${lines(68)}\n}` },
      'a group of tests': { 'tests/a.test.ts': `describe('a', () => {\n${lines(99)}\n})` },
    },
  },
  {
    name: 'a file has at most 500 lines',
    check: checkFiles,
    catches: { 'a long file': { 'src/http/a.ts': `function f() {}\n${lines(500)}` } },
    allows: {
      'a list of types': { 'src/http/types.ts': lines(600, 'export type A = 1') },
      'a table': { 'src/http/table.ts': `export const a = [\n${lines(600, '1,')}\n]` },
    },
  },
  {
    name: 'a line has at most 100 characters',
    check: checkLines,
    catches: {
      'a long line': { 'src/http/a.ts': `const a = ${'1 + '.repeat(30)}1` },
      'a long comment': { 'src/http/a.ts': `// ${'word '.repeat(30)}` },
    },
    allows: {
      'a long text': { 'src/http/a.ts': `const a = '${'word '.repeat(30)}'` },
      'a long template': { 'src/http/a.ts': `const a = \`${'word '.repeat(20)}\${b}\`` },
      'the head of a test': {
        'src/http/a.test.ts': `it('${'word '.repeat(15)}', async ({ store, people, home }) => {\n})`,
      },
      'a long link': { 'src/http/a.ts': `// https://example.com/${'a'.repeat(90)}` },
      'a short line after a long text': { 'src/http/a.ts': `const a = '${'é'.repeat(99)}'\nb()` },
    },
  },
]
