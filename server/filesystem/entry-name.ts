import { isUtf8 } from 'node:buffer'

/** Stands before the hexadecimal digits of what is no text; itself escaped where it occurs, so that no two names meet. */
const mark = '\u{fffd}'
const unfit = /[\0/\u{fffd}]/u

/** The name that bytes say in UTF-8; each byte that is none, a NUL or a slash becomes `�` and two digits. */
export function nameOfBytes(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (isUtf8(bytes) && !unfit.test(text)) return text
  let name = ''
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((count) => at + count <= bytes.length && isUtf8(bytes.subarray(at, at + count)))
    const character = length ? bytes.toString('utf8', at, at + length) : ''
    if (length && !unfit.test(character)) {
      name += character
      at += length
    } else {
      name += mark + hex(bytes[at] ?? 0, 2)
      at += 1
    }
  }
  return name
}

/** The name that UTF-16 says; each half of a pair alone, NUL or slash becomes `�` and four digits. */
export function nameOfUnits(units: readonly number[]): string {
  let name = ''
  for (const character of String.fromCharCode(...units)) {
    const isFit = character.isWellFormed() && !unfit.test(character)
    name += isFit ? character : mark + hex(character.charCodeAt(0), 4)
  }
  return name
}

const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, '0')
