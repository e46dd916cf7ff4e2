/** Controls, and marks that turn the reading direction or that nobody sees. */
const unseen = /[\p{Cc}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{2069}\u{feff}]/gu

/** A name as it can be read: whoever chose it can't make it look like another. */
export const visibleName = (name: string) =>
  name.replace(unseen, (letter) =>
    letter < '\u{80}' ? `^${String.fromCharCode(letter.charCodeAt(0) ^ 0x40)}` : '\u{fffd}',
  )

/** Permission bits as `ls` shows them: rwxr-x--x. */
export function modeText(mode: number | null): string {
  if (mode === null) return ''
  const bits = [...'rwxrwxrwx'].map((letter, index) => (mode & (0o400 >> index) ? letter : '-'))
  if (mode & 0o4000) bits[2] = bits[2] === 'x' ? 's' : 'S'
  if (mode & 0o2000) bits[5] = bits[5] === 'x' ? 's' : 'S'
  if (mode & 0o1000) bits[8] = bits[8] === 'x' ? 't' : 'T'
  return bits.join('')
}
