import { XmlEdit } from './edit.ts'
import { find, findAll, type XmlElement } from './tree.ts'
import { rawXml } from './write.ts'

/**
 * A definition with the secrets that libvirt leaves out when it shows one, taken from the host's own: passwords of
 * screens, cookies of disks over HTTP. What the text says of them itself stands, and what it no longer has gets none.
 */
export function withSecretsOf(definition: string, secure: string): string {
  const edit = new XmlEdit(definition)
  const [wanted, known] = [edit.root, new XmlEdit(secure).root].map((domain) => find(domain, 'devices'))
  for (const [index, screen] of screensOf(wanted).entries()) {
    const passwd = nthOfKind(screensOf(known), screensOf(wanted), index)?.attributes.passwd
    if (passwd !== undefined && screen.attributes.passwd === undefined) edit.setAttribute(screen, 'passwd', passwd)
  }
  for (const disk of findAll(wanted, 'disk')) {
    const source = find(disk, 'source')
    const before = findAll(known, 'disk').find((each) => targetOf(each) === targetOf(disk))
    const cookies = find(before, 'source/cookies')
    if (!source || !cookies || find(source, 'cookies') || !isSamePlace(source, find(before, 'source'))) continue
    edit.append(source, rawXml(secure.slice(cookies.start, cookies.end)))
  }
  return edit.toString()
}

const screensOf = (devices: XmlElement | undefined) => findAll(devices, 'graphics')
const targetOf = (disk: XmlElement) => find(disk, 'target')?.attributes.dev
/** A cookie is for the address that it was given for. */
const isSamePlace = (a: XmlElement, b: XmlElement | undefined) =>
  a.attributes.protocol === b?.attributes.protocol &&
  a.attributes.name === b?.attributes.name &&
  find(a, 'host')?.attributes.name === find(b, 'host')?.attributes.name

/** A screen has no name: it is told by its type, and by its place among those of the same. */
function nthOfKind(known: readonly XmlElement[], wanted: readonly XmlElement[], index: number) {
  const type = wanted[index]?.attributes.type
  const before = wanted.slice(0, index).filter((each) => each.attributes.type === type).length
  return known.filter((each) => each.attributes.type === type)[before]
}
