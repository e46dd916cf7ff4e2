import { crc32, deflateSync } from 'node:zlib'

const width = 480
const height = 270
const palette = Buffer.from([0x10, 0x16, 0x20, 0x3f, 0x4b, 0x5f, 0xd8, 0xe2, 0xf0, 0x4c, 0xc3, 0x8a])
const shade = { background: 0, dim: 1, text: 2, live: 3 } as const

/** Three columns and five rows a sign, the top row first, as one number. */
const signs: Record<string, number> = Object.fromEntries(
  (
    'A25755 B65656 C34443 D65556 E74647 F74644 G34553 H55755 I72227 J11152 K55655 L44447 M57755 N65555 O25552 P65644 ' +
    'Q25563 R65655 S34216 T72222 U55557 V55552 W55775 X55255 Y55222 Z71247 025552 126227 261247 361216 455711 574616 ' +
    '634652 771222 825252 925316 -00700 .00002 :02020'
  )
    .split(' ')
    .map((word) => [word.charAt(0), Number.parseInt(word.slice(1), 8)]),
)

function write(pixels: Buffer, text: string, left: number, top: number, size: number, colour: number) {
  let at = left
  for (const letter of text.toUpperCase()) {
    const sign = signs[letter] ?? 0
    for (let bit = 0; bit < 15; bit++) {
      if (!(sign & (1 << (14 - bit)))) continue
      const x = at + (bit % 3) * size
      const y = top + Math.floor(bit / 3) * size
      for (let row = y; row < y + size && row < height; row++) {
        if (x < width) pixels.fill(colour, row * width + x, row * width + Math.min(x + size, width))
      }
    }
    at += 4 * size
  }
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const frame = Buffer.alloc(body.length + 8)
  frame.writeUInt32BE(data.length, 0)
  body.copy(frame, 4)
  frame.writeUInt32BE(crc32(body), frame.length - 4)
  return frame
}

/** A picture of a VM's screen as PNG: its name, that it is simulated, and what `lines` say. */
export function screenPng(name: string, lines: readonly string[]): Buffer {
  const pixels = Buffer.alloc(width * height, shade.background)
  write(pixels, 'simulated', 24, 22, 2, shade.dim)
  write(pixels, name.slice(0, 27), 24, 52, 4, shade.text)
  for (const [index, line] of lines.entries()) write(pixels, line, 24, 104 + index * 24, 3, shade.live)
  const rows = Buffer.alloc((width + 1) * height)
  for (let row = 0; row < height; row++) pixels.copy(rows, row * (width + 1) + 1, row * width, (row + 1) * width)
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('PLTE', palette),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
