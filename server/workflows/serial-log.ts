const keptBytes = 256 * 1024
const [escaping, bell] = ['\u001b', '\u0007']
/** What begins with an escape: of a cursor or colour, a title, one letter, a set of letters. */
const sequences = new RegExp(
  `${escaping}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${bell}${escaping}]*(?:${bell}|${escaping}\\\\)?|[()*+][ -~]|[@-Z\\\\^_=>78])`,
  'g',
)

/** The end of what a guest says on its serial console: untrusted, of any length, with the controls of a terminal. */
export class SerialLog {
  /** Written around and around: a guest that talks without end costs as much as one that says little. */
  readonly #ring = Buffer.alloc(keptBytes)
  #heardBytes = 0

  add(bytes: Uint8Array): void {
    const last = bytes.subarray(-keptBytes)
    const at = (this.#heardBytes + bytes.length - last.length) % keptBytes
    const untilEnd = Math.min(last.length, keptBytes - at)
    this.#ring.set(last.subarray(0, untilEnd), at)
    this.#ring.set(last.subarray(untilEnd), 0)
    this.#heardBytes += bytes.length
  }

  /** Without what only a terminal understands; at most `length` characters, the last ones. */
  tail(length: number): string {
    const text = this.#text()
    return text.slice(-length).replace(/^[\udc00-\udfff]/, '')
  }

  holds(text: string): boolean {
    return this.#text().includes(text)
  }

  #text(): string {
    const at = this.#heardBytes % keptBytes
    const older = this.#heardBytes > keptBytes ? this.#ring.subarray(at) : this.#ring.subarray(0, 0)
    const newer = this.#heardBytes === keptBytes ? this.#ring : this.#ring.subarray(0, at)
    return plain(Buffer.concat([older, newer]).toString('utf8'))
  }
}

/** Lines of letters: a terminal's sequences and all controls but ends of lines and tabs are gone. */
function plain(text: string): string {
  return (
    text
      .replace(sequences, '')
      .replace(/\r\n?/g, '\n')
      .replace(/[^\n\t\P{Cc}]/gu, '')
      // Marks that turn text around, so that nothing reads otherwise than it is.
      .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd]/g, '')
      .replace(/\n{3,}/g, '\n\n')
  )
}
