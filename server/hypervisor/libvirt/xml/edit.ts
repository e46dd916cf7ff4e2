import { parseXml, type XmlElement } from './tree.ts'
import { escapeXml, type Xml } from './write.ts'

/** Collects changes to a document and writes them into its text; everything else stays as it was, to the letter. */
export class XmlEdit {
  readonly root: XmlElement
  readonly #source: string
  readonly #changes: { start: number; end: number; text: string }[] = []

  /** @throws XmlError where the text is not well-formed */
  constructor(source: string) {
    this.#source = source
    this.root = parseXml(source)
  }

  replace(element: XmlElement, by: Xml): void {
    this.#changes.push({ start: element.start, end: element.end, text: by.text })
  }

  remove(element: XmlElement): void {
    const indent = /\n[ \t]*$/.exec(this.#source.slice(0, element.start))
    this.#changes.push({ start: element.start - (indent?.[0].length ?? 0), end: element.end, text: '' })
  }

  setText(element: XmlElement, text: string): void {
    if (element.innerEnd < element.end) {
      this.#changes.push({ start: element.innerStart, end: element.innerEnd, text: escapeXml(text) })
      return
    }
    const opening = this.#source.slice(element.start, element.end).replace(/\s*\/>$/, '>')
    this.#changes.push({
      start: element.start,
      end: element.end,
      text: `${opening}${escapeXml(text)}</${element.name}>`,
    })
  }

  setAttribute(element: XmlElement, name: string, value: string): void {
    const openingEnd = element.innerEnd < element.end ? element.innerStart : element.end
    const opening = this.#source.slice(element.start, openingEnd)
    const pattern = new RegExp(`(\\s${name}\\s*=\\s*)("[^"]*"|'[^']*')`)
    const found = pattern.exec(opening)
    const quoted = `'${escapeXml(value)}'`
    if (found) {
      const start = element.start + found.index + (found[1]?.length ?? 0)
      this.#changes.push({ start, end: start + (found[2]?.length ?? 0), text: quoted })
    } else {
      const start = element.start + 1 + element.name.length
      this.#changes.push({ start, end: start, text: ` ${name}=${quoted}` })
    }
  }

  /** As the last child. */
  append(parent: XmlElement, child: Xml): void {
    if (parent.innerEnd < parent.end) {
      this.#changes.push({ start: parent.innerEnd, end: parent.innerEnd, text: child.text })
      return
    }
    const opening = this.#source.slice(parent.start, parent.end).replace(/\s*\/>$/, '>')
    this.#changes.push({ start: parent.start, end: parent.end, text: `${opening}${child.text}</${parent.name}>` })
  }

  after(element: XmlElement, sibling: Xml): void {
    this.#changes.push({ start: element.end, end: element.end, text: sibling.text })
  }

  /** The text with all changes; two of them must not overlap. */
  toString(): string {
    let result = this.#source
    for (const { start, end, text } of this.#changes.toSorted((a, b) => b.start - a.start || b.end - a.end)) {
      result = result.slice(0, start) + text + result.slice(end)
    }
    return result
  }
}
