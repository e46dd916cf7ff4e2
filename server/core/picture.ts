import { crc32, deflateSync } from 'node:zlib'

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const deepest = 8
const colours = 2
/** No screen is larger; what says so is no picture. */
const mostPixels = 64 * 2 ** 20

/** A picture of a screen as PNG, whatever the hypervisor gave; null where it is none, or larger than `mostBytes`. */
export function asPng({ bytes }: { bytes: Uint8Array }, mostBytes: number): Buffer | null {
  const given = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const png = given.subarray(0, signature.length).equals(signature) ? given : pngOfPixmap(given)
  return png && png.length <= mostBytes ? png : null
}

/** Of a portable pixmap with 8 bits a colour ("P6"). */
function pngOfPixmap(pixmap: Buffer): Buffer | null {
  const head = /^P6\s+(?:#[^\n]*\n\s*)*(\d{1,5})\s+(\d{1,5})\s+255\s/.exec(pixmap.toString('latin1', 0, 512))
  if (!head) return null
  const [width, height] = [Number(head[1]), Number(head[2])]
  const pixels = pixmap.subarray(head[0].length)
  const lineBytes = width * 3
  if (width === 0 || height === 0 || width * height > mostPixels || pixels.length < lineBytes * height) return null
  // Each line begins with its filter: none.
  const lines = Buffer.alloc((lineBytes + 1) * height)
  for (let y = 0; y < height; y++) pixels.copy(lines, y * (lineBytes + 1) + 1, y * lineBytes, (y + 1) * lineBytes)
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = deepest
  header[9] = colours
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** In pixels. */
export function sizeOfPng(png: Uint8Array): { width: number; height: number } {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength)
  return { width: view.getUint32(16), height: view.getUint32(20) }
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const result = Buffer.alloc(body.length + 8)
  result.writeUInt32BE(data.length, 0)
  body.copy(result, 4)
  result.writeUInt32BE(crc32(body), body.length + 4)
  return result
}
