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

const sign = { space: 32, quote: 34, apostrophe: 39, slash: 47, less: 60, equals: 61, greater: 62 } as const

/** The place of the first letter that is no blank, or `end`. */
function afterBlanks(source: string, from: number, end: number): number {
  let at = from
  while (at < end && source.charCodeAt(at) <= sign.space) at++
  return at
}

/** The place where a tag's name ends. */
function nameEnd(source: string, from: number): number {
  for (let at = from; at < source.length; at++) {
    const letter = source.charCodeAt(at)
    if (letter <= sign.space || letter === sign.slash || letter === sign.equals || letter === sign.greater) return at
  }
  return source.length
}

/** The place of the `>` that ends a tag; one inside quotes does not. */
function tagEnd(source: string, from: number): number {
  for (let at = from; at < source.length; at++) {
    const letter = source.charCodeAt(at)
    if (letter === sign.greater) return at
    if (letter === sign.less) break
    if (letter !== sign.quote && letter !== sign.apostrophe) continue
    at = source.indexOf(letter === sign.quote ? '"' : "'", at + 1)
    if (at < 0) break
  }
  throw new XmlError(`the tag at character ${from} does not end`)
}

function readAttributes(source: string, start: number, end: number): Record<string, string> {
  const attributes: Record<string, string> = {}
  let at = afterBlanks(source, start, end)
  while (at < end) {
    const equals = nameEnd(source, at)
    const quote = source.charCodeAt(equals + 1)
    const isPlain = source.charCodeAt(equals) === sign.equals && (quote === sign.quote || quote === sign.apostrophe)
    const closing = isPlain ? source.indexOf(quote === sign.quote ? '"' : "'", equals + 2) : -1
    if (closing < 0) return readUnusualAttributes(source.slice(start, end))
    attributes[source.slice(at, equals)] = decode(source.slice(equals + 2, closing))
    at = afterBlanks(source, closing + 1, end)
  }
  return attributes
}

/** With blanks around the `=`, or something that is no attribute between them. */
function readUnusualAttributes(text: string): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const [, name = '', , double, single] of text.matchAll(attributePattern)) {
    attributes[name] = decode(double ?? single ?? '')
  }
  return attributes
}

const none: readonly XmlElement[] = []

/** Its attributes are read when somebody asks: of most elements nobody does. */
class Element implements XmlElement {
  readonly #source: string
  readonly #attributesStart: number
  readonly #attributesEnd: number
  readonly name: string
  readonly start: number
  readonly innerStart: number
  children: readonly XmlElement[] = none
  text = ''
  end = 0
  innerEnd = 0
  #attributes: Record<string, string> | undefined

  constructor(source: string, name: string, start: number, attributesEnd: number, innerStart: number) {
    this.#source = source
    this.#attributesStart = start + 1 + name.length
    this.#attributesEnd = attributesEnd
    this.name = name
    this.start = start
    this.innerStart = innerStart
  }

  get attributes(): Readonly<Record<string, string>> {
    this.#attributes ??= readAttributes(this.#source, this.#attributesStart, this.#attributesEnd)
    return this.#attributes
  }

  add(child: XmlElement) {
    if (this.children === none) this.children = [child]
    else (this.children as XmlElement[]).push(child)
  }
}

/** Reads a document from left to right, each character a bounded number of times. */
class Reader {
  readonly #source: string
  readonly #stack: Element[] = []
  #root: XmlElement | undefined

  constructor(source: string) {
    this.#source = source
  }

  read(): XmlElement {
    let at = 0
    for (;;) {
      const next = this.#source.indexOf('<', at)
      const end = next < 0 ? this.#source.length : next
      if (afterBlanks(this.#source, at, end) < end) this.#text(this.#source.slice(at, end))
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
    else throw new XmlError(`text outside of any element: ${raw.trim().slice(0, 40)}`)
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
    const source = this.#source
    const last = tagEnd(source, start + 1)
    const end = last + 1
    if (source.charCodeAt(start + 1) === sign.slash) {
      const name = source.slice(start + 2, nameEnd(source, start + 2))
      const open = this.#stack.pop()
      if (open?.name !== name) throw new XmlError(`</${name}> closes ${open ? `<${open.name}>` : 'nothing'}`)
      this.#finish(open, start, end)
      return end
    }
    const name = source.slice(start + 1, nameEnd(source, start + 1))
    if (!name) throw new XmlError(`a stray < at character ${start}`)
    const isEmpty = source.charCodeAt(last - 1) === sign.slash
    const open = new Element(source, name, start, isEmpty ? last - 1 : last, end)
    if (isEmpty) this.#finish(open, end, end)
    else this.#stack.push(open)
    return end
  }

  #finish(open: Element, innerEnd: number, end: number) {
    open.innerEnd = innerEnd
    open.end = end
    if (open.text) open.text = open.text.trim()
    const parent = this.#stack.at(-1)
    if (parent) parent.add(open)
    else if (this.#root) throw new XmlError(`a second document begins with <${open.name}>`)
    else this.#root = open
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
  if (!path.includes('/')) return element?.children.find((child) => child.name === path)
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
