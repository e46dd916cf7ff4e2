import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { XmlEdit } from './edit.ts'
import { find, findAll, parseXml, textAt } from './tree.ts'
import { xml } from './write.ts'

const source = readFileSync(join(import.meta.dirname, 'fixture', 'running-q35.xml'), 'utf8')
const need = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('not there')
  return value
}

test('an edit changes its place alone', () => {
  const edit = new XmlEdit(source)
  edit.setText(need(find(edit.root, 'name')), 'new <name> & more')
  expect(edit.toString()).toBe(source.replace('<name>web-1</name>', '<name>new &lt;name&gt; &amp; more</name>'))
})

test('several edits at once, and nothing else moves', () => {
  const edit = new XmlEdit(source)
  const [first, cdrom] = findAll(find(edit.root, 'devices'), 'disk')
  edit.setAttribute(need(find(first, 'source')), 'file', `/a'b<c>`)
  edit.setAttribute(need(find(first, 'driver')), 'cache', 'none')
  edit.remove(need(cdrom))
  edit.append(need(find(edit.root, 'devices')), xml('rng', { model: 'virtio' }))
  edit.setText(need(find(edit.root, 'features/acpi')), '')
  const result = parseXml(edit.toString())
  const [only, ...others] = findAll(find(result, 'devices'), 'disk')
  expect(others).toEqual([])
  expect(find(only, 'source')?.attributes).toEqual({ file: `/a'b<c>`, index: '2' })
  expect(find(only, 'driver')?.attributes).toMatchObject({ cache: 'none', type: 'qcow2' })
  expect(find(result, 'devices/rng')).toBeDefined()
  expect(edit.toString()).toContain('<libosinfo:os id="http://debian.org/debian/12"/>')
})

test('an element without content can get some', () => {
  const edit = new XmlEdit(`<a><b x='1'/><c/></a>`)
  edit.append(need(find(edit.root, 'b')), xml('d'))
  edit.setText(need(find(edit.root, 'c')), 't')
  expect(edit.toString()).toBe(`<a><b x='1'><d/></b><c>t</c></a>`)
})

test('what is written reads back, whatever it is', () => {
  const nasty = `<>&"'\r\n\t æ😀 ]]> --> \u0001\ufffe`
  const written = xml('a', { x: nasty, none: null, no: false, zero: 0 }, nasty, xml('b', {}, 1)).text
  const root = parseXml(written)
  const readable = nasty.replace('\u0001', '').replace('\ufffe', '')
  expect(root.attributes).toEqual({ x: readable, zero: '0' })
  expect(root.text).toBe(readable.trim())
  expect(textAt(root, 'b')).toBe('1')
})
