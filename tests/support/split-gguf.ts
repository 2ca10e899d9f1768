import { parseGguf } from '../../src/engine/gguf/parse-gguf.ts'

const ALIGNMENT = 32
const U16 = 2
const I32 = 5

interface Piece {
  /** How the header describes it, without its offset. */
  readonly info: Buffer
  readonly data: Buffer
}

/** The two parts that llama.cpp's own tool would make of a model. */
export function splitGguf(whole: Buffer): [Buffer, Buffer] {
  const header = parseGguf(whole, { fileBytes: whole.length })
  const [first] = header?.tensors ?? []
  if (header === undefined || first === undefined) throw new Error('this is no model')
  const name = Buffer.from(first.name)
  const infoStart = whole.indexOf(Buffer.concat([u64(name.length), name]))
  const pieces: Piece[] = []
  const ends = header.tensors
    .map(({ offsetBytes }) => offsetBytes)
    .concat(whole.length - header.dataStartBytes)
  let at = infoStart
  for (const tensor of header.tensors) {
    const nameEnd = at + 8 + Buffer.byteLength(tensor.name)
    const infoEnd = nameEnd + 4 + 8 * whole.readUInt32LE(nameEnd) + 4
    const end = Math.min(...ends.filter((each) => each > tensor.offsetBytes))
    const data = whole.subarray(
      header.dataStartBytes + tensor.offsetBytes,
      header.dataStartBytes + end,
    )
    pieces.push({ info: whole.subarray(at, infoEnd), data })
    at = infoEnd + 8
  }
  const count = pieces.length
  const middle = Math.floor(count / 2)
  const own = { bytes: whole.subarray(24, infoStart), count: Number(whole.readBigUInt64LE(16)) }
  return [
    compose(own, split(0, count), pieces.slice(0, middle)),
    compose({ bytes: Buffer.alloc(0), count: 0 }, split(1, count), pieces.slice(middle)),
  ]
}

function compose(own: { bytes: Buffer; count: number }, marks: Buffer[], pieces: Piece[]): Buffer {
  let offset = 0
  const infos: Buffer[] = []
  const data: Buffer[] = []
  for (const piece of pieces) {
    infos.push(piece.info, u64(offset))
    const padded = pad(piece.data)
    data.push(padded)
    offset += padded.length
  }
  const version = Buffer.alloc(4)
  version.writeUInt32LE(3)
  const counts = [u64(pieces.length), u64(own.count + marks.length)]
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    version,
    ...counts,
    own.bytes,
    ...marks,
    ...infos,
  ])
  return Buffer.concat([pad(head), ...data])
}

function split(number: number, tensorCount: number): Buffer[] {
  const short = (value: number) => Buffer.from(Uint16Array.of(value).buffer)
  return [
    entry('split.no', U16, short(number)),
    entry('split.count', U16, short(2)),
    entry('split.tensors.count', I32, Buffer.from(Int32Array.of(tensorCount).buffer)),
  ]
}

function entry(key: string, type: number, value: Buffer): Buffer {
  const mark = Buffer.alloc(4)
  mark.writeUInt32LE(type)
  return Buffer.concat([u64(key.length), Buffer.from(key), mark, value])
}

function pad(bytes: Buffer): Buffer {
  const rest = (ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT
  return Buffer.concat([bytes, Buffer.alloc(rest)])
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
