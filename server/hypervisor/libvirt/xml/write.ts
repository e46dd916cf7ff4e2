/** XML that is escaped already; only `xml` and `rawXml` make it. */
export class Xml {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

export type XmlContent = Xml | string | number | null | undefined | false | readonly XmlContent[]
/** An attribute that is null, undefined or false is left out. */
export type XmlAttributes = Readonly<Record<string, string | number | null | undefined | false>>

/** What XML 1.0 can't carry even escaped. */
const impossible = /[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu

export function escapeXml(text: string): string {
  return text
    .replace(impossible, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;')
    .replaceAll('\r', '&#13;')
}

const escapeAttribute = (text: string) => escapeXml(text).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')

function contentText(content: XmlContent): string {
  if (content === null || content === undefined || content === false) return ''
  if (content instanceof Xml) return content.text
  if (typeof content === 'string') return escapeXml(content)
  if (typeof content === 'number') return String(content)
  return content.map(contentText).join('')
}

/** One element: `xml('disk', { type: 'file' }, xml('target', { dev: 'vda' }))`. Texts are escaped. */
export function xml(name: string, attributes: XmlAttributes = {}, ...content: XmlContent[]): Xml {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== null && value !== undefined && value !== false)
    .map(([key, value]) => ` ${key}='${escapeAttribute(String(value))}'`)
    .join('')
  const inner = contentText(content)
  return new Xml(inner ? `<${name}${written}>${inner}</${name}>` : `<${name}${written}/>`)
}

/** Text that is XML already, such as an element cut from another document. */
export const rawXml = (text: string): Xml => new Xml(text)
