import { commandFolder, emptyNames, entries, roleOf } from './table.ts'
import {
  domainOf,
  type Finding,
  finding,
  isNode,
  isTest,
  type Rule,
  type Source,
  shippedSources,
  stringOf,
  type Tree,
  targetOf,
  walk,
} from './tree.ts'

function checkAnatomy(tree: Tree): Finding[] {
  const domains = new Set(shippedSources(tree).map(({ path }) => domainOf(path)))
  return [...domains]
    .filter((domain) => domain !== '' && domain !== commandFolder)
    .flatMap((domain) =>
      ['README.md', 'index.ts']
        .map((name) => `src/${domain}/${name}`)
        .filter((path) => !tree.files.has(path))
        .map((path) => ({
          path,
          line: 1,
          what: 'is missing',
          remedy: path.endsWith('.ts')
            ? 'Other folders enter by index.ts: re-export there what they need'
            : 'Say the purpose in a sentence, the words, the invariants, what it does not own',
        })),
    )
}

function checkNames(tree: Tree): Finding[] {
  const folders = new Set([...tree.files.keys()].flatMap(foldersOf))
  return [...folders]
    .filter((folder) => emptyNames.includes(folder.split('/').at(-1) ?? ''))
    .map((path) => ({
      path,
      line: 1,
      what: 'a folder whose name says nothing',
      remedy: 'Name it for what it is about, or move its files to the folder that needs them',
    }))
}

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'))
}

function checkFileNames(tree: Tree): Finding[] {
  return [...tree.sources.values()]
    .filter(({ path }) => !/^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(path.split('/').at(-1) ?? ''))
    .map((source) =>
      finding(source, 0, 'a file name that is not kebab-case', 'Write it small, with hyphens'),
    )
}

function checkTestsBeside(tree: Tree): Finding[] {
  const tested = testedFiles(tree)
  return shippedSources(tree)
    .filter((source) => roleOf(source) === 'core' && hasFunction(source))
    .filter(({ path }) => !tree.sources.has(path.replace(/\.tsx?$/, '.test.ts')))
    .filter(({ path }) => !tested.has(path))
    .map((source) =>
      finding(source, 0, 'a core file without a test beside it', `Write ${testOf(source)}`),
    )
}

function testOf({ path }: Source): string {
  return path.replace(/\.tsx?$/, '.test.ts')
}

/** Files that a test in the same folder imports. */
function testedFiles(tree: Tree): Set<string> {
  const tests = [...tree.sources.values()].filter(({ path }) => /^src\/.*\.test\.tsx?$/.test(path))
  return new Set(
    tests.flatMap((test) =>
      test.references
        .flatMap(({ target }) => target ?? [])
        .filter((target) => domainOf(target) === domainOf(test.path)),
    ),
  )
}

function hasFunction({ program }: Source): boolean {
  let found = false
  walk(program, ({ type, body }) => {
    if (/^(Function|ArrowFunction)/.test(type) && isNode(body)) found = true
    return !found
  })
  return found
}

function checkDead(tree: Tree): Finding[] {
  const used = new Set([...entries, ...filesStarted(tree)])
  for (const source of shippedSources(tree))
    for (const { target } of source.references) used.add(target ?? '')
  return shippedSources(tree)
    .filter(({ path }) => !used.has(path))
    .map((source) =>
      finding(
        source,
        0,
        'nothing that ships uses this file',
        'Delete it, export it from the door, or move it to tests/',
      ),
    )
}

/** Files that are named in a string: started by a path, or bundled by a script. */
function filesStarted(tree: Tree): string[] {
  return [...tree.sources.values()]
    .filter(({ path }) => !isTest(path))
    .flatMap((source) => {
      const named: string[] = []
      walk(source.program, (node, parents) => {
        const text = stringOf(node) ?? ''
        if (!text.endsWith('.ts') || parents.at(-1)?.source === node) return
        named.push(text.startsWith('src/') ? text : (targetOf(source.path, text) ?? ''))
      })
      return named
    })
}

const door = { 'src/people/README.md': 'People.', 'src/people/index.ts': '' }

export const folderRules: readonly Rule[] = [
  {
    name: 'each folder of src has a README and a door',
    check: checkAnatomy,
    catches: {
      'a folder without a door': { 'src/people/README.md': 'People.', 'src/people/a.ts': '' },
      'a folder without a README': { 'src/people/index.ts': '' },
    },
    allows: {
      both: door,
      'the command line': { 'src/cli/ask.ts': '' },
    },
  },
  {
    name: 'no folder has an empty name',
    check: checkNames,
    catches: {
      'utils in src': { 'src/utils/a.ts': '' },
      'helpers in a domain': { 'src/people/helpers/a.ts': '' },
      'lib in the tests': { 'tests/lib/a.json': '' },
    },
    allows: { 'a file of that name in a dependency': { 'src/store/migrations/index.ts': '' } },
  },
  {
    name: 'file names are kebab-case',
    check: checkFileNames,
    catches: { 'camel case': { 'src/people/keyFormat.ts': '' } },
    allows: { kebab: { 'src/people/key-format.test.ts': '', 'src/store/0001-a.ts': '' } },
  },
  {
    name: 'each core file has a test beside it',
    check: checkTestsBeside,
    catches: {
      'a core file alone': { 'src/people/decide-role.ts': 'export function decide() {}' },
      'a test somewhere else': {
        'src/people/decide-role.ts': 'export function decide() {}',
        'tests/a.test.ts': "import '../src/people/decide-role.ts'",
      },
    },
    allows: {
      'a test of its name': {
        'src/people/decide-role.ts': 'export function decide() {}',
        'src/people/decide-role.test.ts': '',
      },
      'a test in the folder that imports it': {
        'src/people/decide-role.ts': 'export function decide() {}',
        'src/people/roles.test.ts': "import { decide } from './decide-role.ts'",
      },
      'what holds no function': { 'src/people/roles.ts': "export const roles = ['owner']" },
      'an edge': { 'src/people/read.ts': '// edge: talks to the disk\nexport function f() {}' },
    },
  },
  {
    name: 'no file is dead',
    check: checkDead,
    catches: {
      'a file that nobody imports': { 'src/people/a.ts': '' },
      'a file that only a test imports': {
        'src/people/a.ts': '',
        'src/people/a.test.ts': "import './a.ts'",
      },
    },
    allows: {
      'an entry': { 'src/main.ts': "import './people/index.ts'", 'src/people/index.ts': '' },
      'a process that is started': {
        'src/main.ts': "start(new URL('./engine/child.ts', import.meta.url))",
        'src/engine/child.ts': '',
      },
      'an entry of a script': {
        'scripts/build.mjs': "const input = 'src/engine/child.ts'",
        'src/engine/child.ts': '',
      },
    },
  },
]
