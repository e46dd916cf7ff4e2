import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { XMLParser } from 'fast-xml-parser'
import { describe, expect, test } from 'vitest'
import { bytesOf, find, findAll, parseXml, textAt, type XmlElement, XmlError } from './tree.ts'

const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixture', name), 'utf8')

type Plain = { name: string; attributes: Record<string, string>; text: string; children: Plain[] }

const plain = ({ name, attributes, text, children }: XmlElement): Plain => ({
  name,
  attributes: { ...attributes },
  text,
  children: children.map(plain),
})

/** The same document as another parser reads it. */
function asOthersReadIt(xml: string): Plain {
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseTagValue: false,
    parseAttributeValue: false,
    htmlEntities: true,
    cdataPropName: '#cdata',
  })
  type Node = Record<string, unknown>
  const convert = (node: Node): Plain => {
    const name = Object.keys(node).find((key) => key !== ':@') ?? ''
    const nodes = node[name] as Node[]
    const texts = nodes.map((each) => each['#text'] ?? (each['#cdata'] as Node[] | undefined)?.[0]?.['#text'] ?? '')
    return {
      name,
      attributes: (node[':@'] ?? {}) as Record<string, string>,
      text: texts.join('').trim(),
      children: nodes.filter((each) => !('#text' in each) && !('#cdata' in each)).map(convert),
    }
  }
  const nodes = parser.parse(xml) as Node[]
  const root = nodes.find((node) => !Object.keys(node).some((key) => key.startsWith('?')))
  return convert(root ?? {})
}

describe.each(['running-q35.xml', 'off-old.xml'])('%s', (name) => {
  test('reads as another parser reads it', () => {
    expect(plain(parseXml(fixture(name)))).toEqual(asOthersReadIt(fixture(name)))
  })

  test('every element stands where it says', () => {
    const source = fixture(name)
    const check = (element: XmlElement) => {
      const text = source.slice(element.start, element.end)
      expect(text.startsWith(`<${element.name}`), text.slice(0, 40)).toBe(true)
      expect(text.endsWith(`</${element.name}>`) || text.endsWith('/>'), text.slice(-40)).toBe(true)
      for (const child of element.children) check(child)
    }
    check(parseXml(source))
  })
})

test('entities, CDATA, comments and declarations', () => {
  const root = parseXml(
    `<?xml version="1.0"?><a x="1 &lt; 2 &quot;" y='"'><!-- <b> --><![CDATA[<raw> & ]]>&#230;&#xe6;&amp;lt;</a>`,
  )
  expect(root).toMatchObject({ attributes: { x: '1 < 2 "', y: '"' }, text: '<raw> & ææ&lt;' })
})

test('an attribute may hold a closing bracket', () => {
  expect(find(parseXml(`<a><b c='x > y' d="/>"/><e/></a>`), 'b')?.attributes).toEqual({ c: 'x > y', d: '/>' })
})

test.each([
  ['', 'nothing'],
  ['text', 'text alone'],
  ['<a>', 'an open element'],
  ['<a></b>', 'a wrong end'],
  ['<a/><b/>', 'two documents'],
  ['<a></a>tail', 'a tail'],
  ['</a>', 'an end alone'],
  ['<a><b</a>', 'a broken tag'],
  ['<a x="1></a>', 'an open quote'],
])('refuses %j: %s', (xml) => {
  expect(() => parseXml(xml)).toThrow(XmlError)
})

test('a hostile document takes no long time', () => {
  const start = performance.now()
  for (const xml of [
    `<a ${'x="'.repeat(5000)}`,
    '<'.repeat(20_000),
    `<a>${'<!--'.repeat(5000)}`,
    `<a b='${'<'.repeat(50_000)}'/>`,
  ]) {
    try {
      parseXml(xml)
    } catch (error) {
      expect(error).toBeInstanceOf(XmlError)
    }
  }
  expect(performance.now() - start).toBeLessThan(2000)
})

test('a document that declares entities is refused, an unknown one stays as it is', () => {
  expect(() => parseXml(`<!DOCTYPE a [<!ENTITY x "boom">]><a>&x;</a>`)).toThrow(XmlError)
  expect(parseXml('<a>&x;</a>').text).toBe('&x;')
})

test('paths and sizes', () => {
  const root = parseXml(`<a><b><c>t</c></b><m unit='GiB'>2</m><n>3</n><k unit='KB'>1</k></a>`)
  expect(textAt(root, 'b/c')).toBe('t')
  expect(textAt(root, 'b/x')).toBeNull()
  expect(findAll(root, 'b')).toHaveLength(1)
  expect(bytesOf(find(root, 'm'), 'KiB')).toBe(2 * 2 ** 30)
  expect(bytesOf(find(root, 'n'), 'KiB')).toBe(3072)
  expect(bytesOf(find(root, 'n'), 'bytes')).toBe(3)
  expect(bytesOf(find(root, 'k'), 'bytes')).toBe(1000)
  expect(bytesOf(undefined, 'bytes')).toBe(0)
})

test('attributes may have blanks around their sign, and stand beside what is none', () => {
  expect(parseXml(`<a one = "1" two ='2' stray three="3"/>`).attributes).toEqual({ one: '1', two: '2', three: '3' })
})
