import { refuse } from '../errors.ts'
import { tensorPackings } from './tensor-types.ts'

export type GgufValue = string | number | boolean | readonly GgufValue[]

export interface GgufTensor {
  readonly name: string
  readonly type: number
  readonly elementCount: number
  /** Bytes from the start of the tensor data. */
  readonly offsetBytes: number
}

export interface GgufHeader {
  readonly version: number
  /** Long arrays are left out unless asked for: vocabularies are large. */
  readonly metadata: ReadonlyMap<string, GgufValue>
  readonly tensors: readonly GgufTensor[]
  /** Where tensor data begins, in bytes from the start of the file. */
  readonly dataStartBytes: number
}

export interface ParseOptions {
  readonly fileBytes: number
  /** Names of arrays to keep whatever their length. */
  readonly keepArrays?: ReadonlySet<string>
}

const MAX_METADATA_COUNT = 65_536
const MAX_TENSOR_COUNT = 262_144
const MAX_DIMENSIONS = 8
const MAX_NAME_BYTES = 65_536
const MAX_ARRAY_DEPTH = 4
const KEPT_ARRAY_LENGTH = 64

/** Not an error: the header goes on after the bytes at hand. */
class MoreBytesNeeded extends Error {}

const damaged = (what: string) =>
  refuse('engine_file_damaged', `The GGUF file is damaged: ${what}. Download or convert it again.`)
const truncated = (what: string) =>
  refuse('engine_file_truncated', `The GGUF file is cut off: ${what}. Download or copy it again.`)

/** Reads little-endian values one after another and never beyond the bytes at hand. */
function openCursor(bytes: Buffer, fileBytes: number) {
  let at = 0
  const take = (count: number): number => {
    if (at + count > bytes.length) {
      if (at + count > fileBytes) throw truncated('its header ends in the middle')
      throw new MoreBytesNeeded()
    }
    const start = at
    at += count
    return start
  }
  const u32 = () => bytes.readUInt32LE(take(4))
  const u64 = (what: string): number => {
    const value = bytes.readBigUInt64LE(take(8))
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged(`${what} is absurdly large`)
    return Number(value)
  }
  const skip = (count: number) => void take(count)
  const string = (what: string, limitBytes: number): string => {
    const length = u64(`the length of ${what}`)
    if (length > limitBytes) throw damaged(`${what} is ${length} bytes long`)
    const start = take(length)
    return bytes.toString('utf8', start, start + length)
  }
  return { bytes, fileBytes, take, u32, u64, skip, string, position: () => at }
}
type Cursor = ReturnType<typeof openCursor>

const scalarReaders: ReadonlyMap<number, { bytes: number; read(c: Cursor): GgufValue }> = new Map([
  [0, { bytes: 1, read: (c) => c.bytes.readUInt8(c.take(1)) }],
  [1, { bytes: 1, read: (c) => c.bytes.readInt8(c.take(1)) }],
  [2, { bytes: 2, read: (c) => c.bytes.readUInt16LE(c.take(2)) }],
  [3, { bytes: 2, read: (c) => c.bytes.readInt16LE(c.take(2)) }],
  [4, { bytes: 4, read: (c) => c.u32() }],
  [5, { bytes: 4, read: (c) => c.bytes.readInt32LE(c.take(4)) }],
  [6, { bytes: 4, read: (c) => c.bytes.readFloatLE(c.take(4)) }],
  [7, { bytes: 1, read: (c) => c.bytes.readUInt8(c.take(1)) !== 0 }],
  [10, { bytes: 8, read: (c) => Number(c.bytes.readBigUInt64LE(c.take(8))) }],
  [11, { bytes: 8, read: (c) => Number(c.bytes.readBigInt64LE(c.take(8))) }],
  [12, { bytes: 8, read: (c) => c.bytes.readDoubleLE(c.take(8)) }],
])
const STRING = 8
const ARRAY = 9

function readValue(c: Cursor, type: number, key: string): GgufValue {
  if (type === STRING) return c.string(`"${key}"`, c.fileBytes)
  const scalar = scalarReaders.get(type)
  if (scalar === undefined) throw damaged(`"${key}" has the unknown type ${type}`)
  return scalar.read(c)
}

/** An array, or undefined where it was passed over because nobody asked for it. */
function readArray(
  c: Cursor,
  key: string,
  options: { isKept: boolean; depth: number },
): readonly GgufValue[] | undefined {
  if (options.depth > MAX_ARRAY_DEPTH) throw damaged(`"${key}" nests too deeply`)
  const type = c.u32()
  const length = c.u64(`the length of "${key}"`)
  if (length > c.fileBytes) throw damaged(`"${key}" claims ${length} entries`)
  const isKept = options.isKept || length <= KEPT_ARRAY_LENGTH
  const scalar = scalarReaders.get(type)
  if (!isKept && scalar !== undefined) {
    c.skip(scalar.bytes * length)
    return undefined
  }
  const values: GgufValue[] = []
  for (let i = 0; i < length; i++) {
    if (type === ARRAY) {
      const inner = readArray(c, key, { isKept, depth: options.depth + 1 })
      if (isKept && inner !== undefined) values.push(inner)
    } else if (isKept) values.push(readValue(c, type, key))
    else if (type === STRING) c.skip(c.u64(`the length of an entry of "${key}"`))
    else readValue(c, type, key)
  }
  return isKept ? values : undefined
}

function readMetadata(c: Cursor, count: number, keep: ReadonlySet<string>) {
  const metadata = new Map<string, GgufValue>()
  for (let i = 0; i < count; i++) {
    const key = c.string('the name of a metadata entry', MAX_NAME_BYTES)
    const type = c.u32()
    const value =
      type === ARRAY
        ? readArray(c, key, { isKept: keep.has(key), depth: 1 })
        : readValue(c, type, key)
    if (value !== undefined) metadata.set(key, value)
  }
  return metadata
}

function readTensor(c: Cursor): GgufTensor {
  const name = c.string('the name of a tensor', MAX_NAME_BYTES)
  const dimensionCount = c.u32()
  if (dimensionCount > MAX_DIMENSIONS)
    throw damaged(`tensor "${name}" has ${dimensionCount} dimensions`)
  let elementCount = 1
  for (let i = 0; i < dimensionCount; i++) elementCount *= c.u64(`a dimension of "${name}"`)
  if (!Number.isSafeInteger(elementCount)) throw damaged(`tensor "${name}" is absurdly large`)
  const type = c.u32()
  return { name, type, elementCount, offsetBytes: c.u64(`the offset of "${name}"`) }
}

/** Bytes of a tensor's data; null: its type is unknown to us. */
function tensorBytes(tensor: GgufTensor): number | null {
  const packing = tensorPackings.get(tensor.type)
  if (packing === undefined) return null
  return Math.ceil(tensor.elementCount / packing.elements) * packing.bytes
}

function checkTensorsFit(tensors: readonly GgufTensor[], dataStart: number, fileBytes: number) {
  for (const tensor of tensors) {
    const end = dataStart + tensor.offsetBytes + (tensorBytes(tensor) ?? 0)
    if (end > fileBytes)
      throw truncated(
        `tensor "${tensor.name}" ends at byte ${end}, the file has ${fileBytes.toLocaleString('en')}`,
      )
  }
}

function checkMagic(bytes: Buffer) {
  if (bytes.length < 4 || bytes.toString('latin1', 0, 4) !== 'GGUF')
    throw refuse(
      'engine_file_not_gguf',
      'This is not a GGUF file: it does not begin with "GGUF". Add a model in GGUF format.',
    )
}

function readHeader(bytes: Buffer, options: ParseOptions): GgufHeader {
  const c = openCursor(bytes, options.fileBytes)
  c.skip(4)
  const version = c.u32()
  if (version < 2 || version > 3)
    throw refuse(
      'engine_file_version',
      `GGUF version ${version} is not read here (2 and 3 are). Convert the model again with a current llama.cpp.`,
    )
  const tensorCount = c.u64('the number of tensors')
  const metadataCount = c.u64('the number of metadata entries')
  if (tensorCount > MAX_TENSOR_COUNT) throw damaged(`it claims ${tensorCount} tensors`)
  if (metadataCount > MAX_METADATA_COUNT)
    throw damaged(`it claims ${metadataCount} metadata entries`)
  const metadata = readMetadata(c, metadataCount, options.keepArrays ?? new Set())
  const tensors: GgufTensor[] = []
  for (let i = 0; i < tensorCount; i++) tensors.push(readTensor(c))
  const alignment = metadata.get('general.alignment') ?? 32
  if (typeof alignment !== 'number' || alignment < 1 || alignment > 1_048_576)
    throw damaged('its alignment is absurd')
  const dataStartBytes = Math.ceil(c.position() / alignment) * alignment
  checkTensorsFit(tensors, dataStartBytes, options.fileBytes)
  return { version, metadata, tensors, dataStartBytes }
}

/**
 * The header of a GGUF file, checked against the file's size, from the file's first bytes.
 * `undefined`: the header is longer than the bytes at hand, call again with more.
 * Errors: engine_file_not_gguf, engine_file_version, engine_file_truncated, engine_file_damaged.
 */
export function parseGguf(bytes: Buffer, options: ParseOptions): GgufHeader | undefined {
  checkMagic(bytes)
  try {
    return readHeader(bytes, options)
  } catch (error) {
    if (error instanceof MoreBytesNeeded) return undefined
    throw error
  }
}
