import { expect, test } from 'vitest'
import { tokenizeXml } from './xml-token.ts'

const source = `<?xml version='1.0'?>
<!-- the "first" disk -->
<disk type="file" device='disk'>a = "b" <source file="/x.qcow2"/></disk>`

test('nothing is lost, whatever is typed', () => {
  for (const text of [source, source.slice(0, 40), '<disk type="fi', '<!-- open', '', 'a < b & c > "d"']) {
    const joined = tokenizeXml(text)
      .map((token) => token.text)
      .join('')
    expect(joined).toBe(text)
  }
})

test('kinds are told apart', () => {
  const kindOf = (text: string) => tokenizeXml(source).find((token) => token.text === text)?.kind
  expect(kindOf('<disk')).toBe('tag')
  expect(kindOf('</disk')).toBe('tag')
  expect(kindOf('type')).toBe('attribute')
  expect(kindOf('"file"')).toBe('value')
  expect(kindOf('<!-- the "first" disk -->')).toBe('comment')
  expect(kindOf('"b"')).toBe('plain')
})
