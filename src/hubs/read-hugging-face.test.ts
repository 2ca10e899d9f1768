import { describe, expect, it } from 'vitest'
import { readHuggingFace } from './read-hugging-face.ts'
import { readModelScope } from './read-model-scope.ts'

const sha256 = 'AB'.repeat(32)

describe('what Hugging Face says of a repository', () => {
  it('is read: commit, licence, terms, files with their checksums', () => {
    const repo = readHuggingFace({
      sha: 'c'.repeat(40),
      gated: 'manual',
      cardData: { license: 'other', license_name: 'lion-licence' },
      siblings: [
        { rfilename: 'README.md', size: 12, blobId: 'x' },
        { rfilename: 'a.gguf', size: 7, lfs: { sha256, size: 99, pointerSize: 135 } },
        { rfilename: 'no-size.gguf' },
        'nonsense',
      ],
    })
    expect(repo).toEqual({
      revision: 'c'.repeat(40),
      licence: 'lion-licence',
      isGated: true,
      files: [
        { path: 'README.md', sizeBytes: 12, sha256: null },
        { path: 'a.gguf', sizeBytes: 99, sha256: sha256.toLowerCase() },
      ],
    })
  })

  it.each([
    [{ cardData: { license: 'mit' } }, 'mit'],
    [{ cardData: { license: ['mit', 'apache-2.0'] } }, 'mit, apache-2.0'],
    [{ tags: ['gguf', 'license:gemma'] }, 'gemma'],
    [{}, null],
  ])('has a licence where it says one: %j', (facts, licence) => {
    expect(readHuggingFace({ ...facts, siblings: [] })?.licence).toBe(licence)
  })

  it.each([undefined, null, 'x', [], {}, { siblings: {} }])(
    'is nothing where it is %j',
    (answer) => {
      expect(readHuggingFace(answer)).toBeNull()
    },
  )
})

describe('what ModelScope says of a repository', () => {
  it('is read from two answers; folders are no files', () => {
    const files = [
      { Path: 'Q4', Type: 'tree', Size: 0 },
      { Path: 'Q4/a.gguf', Type: 'blob', Size: 5, Sha256: sha256 },
    ]
    expect(
      readModelScope({ Code: 200, Data: { Files: files } }, { Data: { License: ' MIT ' } }),
    ).toEqual({
      revision: 'master',
      licence: 'MIT',
      isGated: false,
      files: [{ path: 'Q4/a.gguf', sizeBytes: 5, sha256: sha256.toLowerCase() }],
    })
  })

  it('has no licence where nobody says, and is nothing where it is nothing', () => {
    expect(readModelScope({ Data: { Files: [] } }, undefined)?.licence).toBeNull()
    expect(readModelScope({ Code: 10010 }, {})).toBeNull()
  })
})
