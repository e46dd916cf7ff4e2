import { expect, test } from 'vitest'
import { guestXml, stableMac, stableUuid } from './definition.ts'

const settings = { accelerator: 'qemu', memoryMib: 128, vcpus: 1, diskPath: '/d.qcow2' } as const

test('a name always gives the same UUID and address, another name others', () => {
  const uuid = stableUuid('web')
  expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(stableUuid('web')).toBe(uuid)
  expect(stableUuid('db')).not.toBe(uuid)
  expect(stableMac(uuid)).toMatch(/^52:54:00(:[0-9a-f]{2}){3}$/)
})

test('what a guest is told at boot stands in its serial number, safe for XML', () => {
  const xml = guestXml({
    ...settings,
    name: 'web',
    uuid: stableUuid('web'),
    address: '10.0.0.5/24',
    command: "echo '<&' >/dev/ttyS0",
  })
  expect(xml).toContain('ds=nocloud;h=web;address=10.0.0.5/24;run=echo &apos;&lt;&amp;&apos; >/dev/ttyS0')
  expect(xml).not.toContain('cdrom')
})

test('a guest boots from its disk, or with what its host gives it', () => {
  const named = { ...settings, name: 'web', uuid: stableUuid('web') }
  expect(guestXml(named)).not.toContain('<kernel>')
  const given = guestXml({ ...named, kernel: { kernelPath: '/a&b/vmlinuz', initrdPath: '/initrd' } })
  expect(given).toContain('<kernel>/a&amp;b/vmlinuz</kernel><initrd>/initrd</initrd><cmdline>console=ttyS0 ')
})

test('a seed disc replaces it', () => {
  const xml = guestXml({ ...settings, name: 'web', uuid: stableUuid('web'), seedPath: '/seed.iso', command: 'unused' })
  expect(xml).toContain("<source file='/seed.iso' startupPolicy='optional'/>")
  expect(xml).not.toContain('smbios')
})
