import { parseXml, type XmlElement } from '#server/hypervisor/libvirt/xml/tree.ts'
import { escapeXml } from '#server/hypervisor/libvirt/xml/write.ts'

/** An element of a definition that can be changed and written again. */
export class Element {
  readonly name: string
  readonly attributes: Record<string, string>
  children: Element[]
  text: string

  constructor(name: string, attributes: Record<string, string> = {}, content: Element[] | string = []) {
    this.name = name
    this.attributes = attributes
    this.children = typeof content === 'string' ? [] : content
    this.text = typeof content === 'string' ? content : ''
  }

  /** @throws XmlError where the text is not well-formed */
  static parse(source: string): Element {
    const copy = (element: XmlElement): Element =>
      new Element(
        element.name,
        { ...element.attributes },
        element.children.length > 0 ? element.children.map(copy) : element.text,
      )
    return copy(parseXml(source))
  }

  /** The first child by name; a path such as `os/type` goes deeper. */
  find(path: string): Element | undefined {
    let at: Element | undefined = this
    for (const name of path.split('/')) at = at?.children.find((child) => child.name === name)
    return at
  }

  findAll(name: string): Element[] {
    return this.children.filter((child) => child.name === name)
  }

  /** Takes the place of the child of the same name, or comes after the one named `after`, or last. */
  put(child: Element, after?: string): Element {
    const present = this.children.findIndex(({ name }) => name === child.name)
    const before = this.children.findLastIndex(({ name }) => name === after)
    if (present >= 0) this.children[present] = child
    else this.children.splice(before >= 0 ? before + 1 : this.children.length, 0, child)
    return child
  }

  remove(name: string) {
    this.children = this.children.filter((child) => child.name !== name)
  }

  /** As libvirt writes it: two spaces a level, each element on its own line. */
  toString(indent = ''): string {
    let start = `${indent}<${this.name}`
    for (const [key, value] of Object.entries(this.attributes)) start += ` ${key}='${escapeXml(value)}'`
    if (this.children.length === 0) {
      return this.text ? `${start}>${escapeXml(this.text)}</${this.name}>\n` : `${start}/>\n`
    }
    const inner = this.children.map((child) => child.toString(`${indent}  `)).join('')
    return `${start}>\n${inner}${indent}</${this.name}>\n`
  }
}
