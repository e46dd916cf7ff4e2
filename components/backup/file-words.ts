/** Marks that turn the reading direction, or that nobody sees. */
const hidden = /[\u{80}-\u{9f}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{2069}\u{feff}]/gu
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is shown
const controls = /[\u0000-\u001f\u007f]/g

/** A name as it can be read: whoever chose it can't make it look like another. */
export const visibleName = (name: string) =>
  name.replace(controls, (letter) => `^${String.fromCharCode(letter.charCodeAt(0) ^ 0x40)}`).replace(hidden, '\u{fffd}')

/** Permission bits as `ls` shows them: rwxr-x--x. */
export function modeText(mode: number | null): string {
  if (mode === null) return ''
  const bits = [...'rwxrwxrwx'].map((letter, index) => (mode & (0o400 >> index) ? letter : '-'))
  if (mode & 0o4000) bits[2] = bits[2] === 'x' ? 's' : 'S'
  if (mode & 0o2000) bits[5] = bits[5] === 'x' ? 's' : 'S'
  if (mode & 0o1000) bits[8] = bits[8] === 'x' ? 't' : 'T'
  return bits.join('')
}
