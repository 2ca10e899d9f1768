import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { documentRules } from './rules-documents.ts'
import { folderRules } from './rules-folders.ts'
import { importRules } from './rules-imports.ts'
import { placeRules } from './rules-places.ts'
import { purityRules } from './rules-purity.ts'
import { sizeRules } from './rules-size.ts'
import { formatFinding, type Rule, readTree, type Tree, treeOf } from './tree.ts'

const house = readTree(fileURLToPath(new URL('../..', import.meta.url)))

function breaches(rule: Rule, tree: Tree): string[] {
  return rule.check(tree).map(formatFinding)
}

function sample(files: Readonly<Record<string, string>>): Tree {
  return treeOf(new Map(Object.entries(files)))
}

const rules = [
  ...importRules,
  ...purityRules,
  ...placeRules,
  ...sizeRules,
  ...folderRules,
  ...documentRules,
]

describe.each(rules)('tidy: $name', (rule) => {
  it('holds in the tree', () => {
    expect(breaches(rule, house).join('\n')).toBe('')
  })

  it.each(Object.entries(rule.catches))('catches %s', (_, files) => {
    expect(breaches(rule, sample(files))).not.toEqual([])
  })

  it.each(Object.entries(rule.allows))('allows %s', (_, files) => {
    expect(breaches(rule, sample(files))).toEqual([])
  })
})
