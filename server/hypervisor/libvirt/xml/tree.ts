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

/** What is no element: its beginning, and how it ends. */
const skipped = [
  { opens: '<!--', closes: '-->', isData: false },
  { opens: '<![CDATA[', closes: ']]>', isData: true },
  { opens: '<?', closes: '?>', isData: false },
]

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

/** The place of the `>` that ends a tag; one inside quotes does not. */
function tagEnd(source: string, from: number): number {
  for (let at = from; at < source.length; at++) {
    const letter = source[at]
    if (letter === '>') return at
    if (letter === '<') break
    if (letter !== '"' && letter !== "'") continue
    at = source.indexOf(letter, at + 1)
    if (at < 0) break
  }
  throw new XmlError(`the tag at character ${from} does not end`)
}

/** Reads a document from left to right, each character a bounded number of times. */
class Reader {
  readonly #source: string
  readonly #stack: Open[] = []
  #root: XmlElement | undefined

  constructor(source: string) {
    this.#source = source
  }

  read(): XmlElement {
    let at = 0
    for (;;) {
      const next = this.#source.indexOf('<', at)
      this.#text(this.#source.slice(at, next < 0 ? undefined : next))
      if (next < 0) break
      at = this.#skip(next) ?? this.#tag(next)
    }
    const unclosed = this.#stack.at(-1)
    if (unclosed) throw new XmlError(`<${unclosed.name}> is not closed`)
    if (!this.#root) throw new XmlError('there is no element in it')
    return this.#root
  }

  #text(raw: string) {
    const top = this.#stack.at(-1)
    if (top) top.text += decode(raw)
    else if (raw.trim()) throw new XmlError(`text outside of any element: ${raw.trim().slice(0, 40)}`)
  }

  /** Where it goes on after what is no element; undefined when there is one. */
  #skip(start: number): number | undefined {
    const second = this.#source[start + 1]
    if (second !== '!' && second !== '?') return undefined
    const kind = skipped.find(({ opens }) => this.#source.startsWith(opens, start))
    if (!kind) throw new XmlError('a document type has no place here')
    const inner = start + kind.opens.length
    const end = this.#source.indexOf(kind.closes, inner)
    if (end < 0) throw new XmlError(`${kind.opens} at character ${start} does not end`)
    const top = this.#stack.at(-1)
    if (kind.isData && top) top.text += this.#source.slice(inner, end)
    return end + kind.closes.length
  }

  #tag(start: number): number {
    const last = tagEnd(this.#source, start + 1)
    const end = last + 1
    const isEmpty = this.#source[last - 1] === '/'
    const inside = this.#source.slice(start + 1, isEmpty ? last - 1 : last)
    const name = /^\/?[^\s/=]+/.exec(inside)?.[0]
    if (!name) throw new XmlError(`a stray < at character ${start}`)
    if (name.startsWith('/')) {
      const open = this.#stack.pop()
      if (open?.name !== name.slice(1)) throw new XmlError(`<${name}> closes ${open ? `<${open.name}>` : 'nothing'}`)
      this.#finish(open, start, end)
      return end
    }
    const attributes = readAttributes(inside.slice(name.length))
    const open: Open = { name, attributes, children: [], text: '', start, innerStart: end }
    if (isEmpty) this.#finish(open, end, end)
    else this.#stack.push(open)
    return end
  }

  #finish({ name, attributes, children, text, start, innerStart }: Open, innerEnd: number, end: number) {
    const element = { name, attributes, children, text: text.trim(), start, end, innerStart, innerEnd }
    const parent = this.#stack.at(-1)
    if (parent) parent.children.push(element)
    else if (this.#root) throw new XmlError(`a second document begins with <${name}>`)
    else this.#root = element
  }
}

/**
 * Reads a document and keeps where each element stands. It may declare no document type, and so
 * no entities.
 * @throws XmlError where it is not well-formed
 */
export const parseXml = (source: string): XmlElement => new Reader(source).read()

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
