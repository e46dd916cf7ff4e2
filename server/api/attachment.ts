/** Device names of Windows, whatever stands behind a dot. */
const device = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\.|$)/i
/** Controls, what Windows forbids, and marks that turn the reading direction or can't be seen. */
const unfit = /[\p{Cc}"*/:<>?\\|\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{2069}\u{feff}]/gu
const longest = 150

/** The name under which a browser may save what somebody else named. */
export function savedName(name: string): string {
  const plain = name
    .toWellFormed()
    .replace(unfit, '_')
    .replace(/[. ]+$/, '_')
    .trimStart()
  const short = [...plain].length > longest ? shortened(plain) : plain
  if (short === '') return 'file'
  return device.test(short) ? `_${short}` : short
}

function shortened(name: string): string {
  const ending = /\.[^.]{1,12}$/.exec(name)?.[0] ?? ''
  return [...name].slice(0, longest - ending.length).join('') + ending
}

/** The header that has a browser save what comes. */
export function attachment(name: string): string {
  const saved = savedName(name)
  const ascii = saved.replace(/[^\x20-\x7e]|%/g, '_')
  const encoded = encodeURIComponent(saved).replace(/['()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`)
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`
}
