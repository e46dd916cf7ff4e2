import { expect, test } from 'vitest'
import { withSecretsOf } from './secret.ts'

const domain = (...devices: string[]) => `<domain><devices>${devices.join('')}</devices></domain>`
const cookies = "<cookies><cookie name='a'>b</cookie></cookies>"
const disk = (name: string, inner = '') =>
  `<disk><source protocol='https' name='${name}'><host name='files'/>${inner}</source><target dev='vda'/></disk>`

test.each([
  [
    'a password that is left out',
    "<graphics type='vnc' port='-1'/>",
    "<graphics passwd='s&amp;t' type='vnc' port='-1'/>",
  ],
  ['one of its own', "<graphics type='vnc' passwd='new'/>", "<graphics type='vnc' passwd='new'/>"],
  ['none on purpose', "<graphics type='vnc' passwd=''/>", "<graphics type='vnc' passwd=''/>"],
  ['a screen of another type', "<graphics type='spice'/>", "<graphics type='spice'/>"],
  ['no screen any more', '', ''],
])('%s', (_, wanted, result) => {
  const secure = domain("<graphics type='vnc' passwd='s&amp;t'/>")
  expect(withSecretsOf(domain(wanted), secure)).toBe(domain(result))
})

test('cookies go back to the address they were given for, and to no other', () => {
  const secure = domain(disk('x.iso', cookies))
  expect(withSecretsOf(domain(disk('x.iso')), secure)).toBe(secure)
  expect(withSecretsOf(domain(disk('other.iso')), secure)).toBe(domain(disk('other.iso')))
})
