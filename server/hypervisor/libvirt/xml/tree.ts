/** An element with the places it takes in the text, so that an edit touches nothing else. Offsets count characters. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  /** Its own text, without that of its children, trimmed. */
  readonly text: string
  /** From the opening `<` to after the closing `>`. */
  readonly start: number
  readonly end: number
  /** What lies between the tags; empty and at the end for `<a/>`. */
  readonly innerStart: number
  readonly innerEnd: number
}

export class XmlError extends Error {
  override readonly name = 'XmlError'
}

const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function decode(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(#x?)?([0-9a-zA-Z]+);/g, (whole, number: string | undefined, name: string) => {
    if (number === undefined) return entities[name] ?? whole
    const code = Number.parseInt(name, number === '#x' ? 16 : 10)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}

const attributePattern = /([^\s=]+)\s*=\s*("([^"]*)"|'([^']*)')/g
/** Comment, CDATA, declaration or instruction, or a tag with quoted attributes. */
const markup =
  /<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\?[\s\S]*?\?>|<![^>]*>|<(\/?)([^\s/>]+)((?:[^>"']|"[^"]*"|'[^']*')*?)(\/?)>/g

interface Open {
  name: string
  attributes: Record<string, string>
  children: XmlElement[]
  text: string
  start: number
  innerStart: number
}

function readAttributes(text: string): Record<string, string> {
  const attributes: Record<string, string> = {}
  if (!text.includes('=')) return attributes
  for (const [, name = '', , double, single] of text.matchAll(attributePattern)) {
    attributes[name] = decode(double ?? single ?? '')
  }
  return attributes
}

const close = (open: Open, innerEnd: number, end: number): XmlElement => ({
  name: open.name,
  attributes: open.attributes,
  children: open.children,
  text: decode(open.text).trim(),
  start: open.start,
  end,
  innerStart: open.innerStart,
  innerEnd,
})

/**
 * Reads a document and keeps where each element stands. Entities that a document declares itself are not expanded.
 * @throws XmlError where it is not well-formed
 */
export function parseXml(source: string): XmlElement {
  const stack: Open[] = []
  let root: XmlElement | undefined
  let after = 0
  const finish = (element: XmlElement) => {
    const parent = stack.at(-1)
    if (parent) parent.children.push(element)
    else if (root) throw new XmlError(`a second document begins with <${element.name}>`)
    else root = element
  }
  markup.lastIndex = 0
  for (const match of source.matchAll(markup)) {
    const [whole, data, slash, name, attributes = '', empty] = match
    const start = match.index
    const top = stack.at(-1)
    const between = source.slice(after, start)
    if (between.includes('<')) throw new XmlError(`a stray < after character ${after}`)
    if (top) top.text += between
    else if (between.trim()) throw new XmlError(`text outside of any element after character ${after}`)
    after = start + whole.length
    if (data !== undefined && top) top.text += data.replaceAll('&', '&amp;')
    if (name === undefined) continue
    if (slash) {
      const open = stack.pop()
      if (open?.name !== name) throw new XmlError(`</${name}> closes ${open ? `<${open.name}>` : 'nothing'}`)
      finish(close(open, start, after))
      continue
    }
    const open: Open = {
      name,
      attributes: readAttributes(attributes),
      children: [],
      text: '',
      start,
      innerStart: after,
    }
    if (empty) finish(close(open, after, after))
    else stack.push(open)
  }
  const unclosed = stack.at(-1)
  if (unclosed) throw new XmlError(`<${unclosed.name}> is not closed`)
  if (!root) throw new XmlError('there is no element in it')
  if (source.slice(after).trim()) throw new XmlError(`text after the end of <${root.name}>`)
  return root
}

/** The first child by name; a path such as `os/type` goes deeper. */
export function find(element: XmlElement | undefined, path: string): XmlElement | undefined {
  let at = element
  for (const name of path.split('/')) at = at?.children.find((child) => child.name === name)
  return at
}

export function findAll(element: XmlElement | undefined, name: string): XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? []
}

/** The text at a path, or null where there is none. */
export const textAt = (element: XmlElement | undefined, path: string): string | null =>
  find(element, path)?.text || null

/** An attribute at a path, or null. */
export const attributeAt = (element: XmlElement | undefined, path: string, name: string): string | null =>
  find(element, path)?.attributes[name] || null

const unitBytes: Record<string, number> = {
  b: 1,
  bytes: 1,
  kb: 1e3,
  k: 1024,
  kib: 1024,
  mb: 1e6,
  m: 2 ** 20,
  mib: 2 ** 20,
  gb: 1e9,
  g: 2 ** 30,
  gib: 2 ** 30,
  tb: 1e12,
  t: 2 ** 40,
  tib: 2 ** 40,
}

/** A size with its `unit` attribute, in bytes; 0 where it is absent or no number. */
export function bytesOf(element: XmlElement | undefined, unitWithout: 'KiB' | 'bytes'): number {
  if (!element) return 0
  const factor = unitBytes[(element.attributes.unit ?? unitWithout).toLowerCase()] ?? 1
  return (Number(element.text) || 0) * factor
}
