import { randomBytes, randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { cloneExportName, isCloneExportName, readCloneExportName, withoutExportNames } from './clone-export.ts'

const key = () => randomBytes(32).toString('base64')
const disk = { tenantId: 'acme', vmUuid: randomUUID(), target: 'vda', recoveryPointId: randomUUID() }

test('a name says which disk it is of and is good for nothing else', () => {
  const keys = key()
  const name = cloneExportName(keys, disk)
  expect(readCloneExportName(name)).toEqual({ vmUuid: disk.vmUuid, target: 'vda' })
  expect(isCloneExportName(keys, disk, name)).toBe(true)
  const others = [{ tenantId: 'other' }, { tenantId: null }, { target: 'vdb' }, { recoveryPointId: randomUUID() }]
  for (const other of others) expect(isCloneExportName(keys, { ...disk, ...other }, name)).toBe(false)
  expect(isCloneExportName(key(), disk, name)).toBe(false)
})

test('a name of before the key was changed stays good while that key is kept', () => {
  const old = key()
  const name = cloneExportName(old, disk)
  const keys = `${key()},${old}`
  expect(isCloneExportName(keys, disk, name)).toBe(true)
  expect(cloneExportName(keys, disk)).not.toBe(name)
})

test.each(['', 'vda', '..', `${disk.vmUuid}.vda.`, `${disk.vmUuid}.vda.x/../y`])('“%s” is no name', (name) => {
  expect(readCloneExportName(name)).toBeNull()
})

test('a definition that is shown says which disk is read, and not the name with which everybody could', () => {
  const name = cloneExportName(key(), disk)
  const xml = `<source protocol='nbd' name='${name}' tls='yes'/><source file='/pool/${disk.vmUuid}.vda.qcow2'/>`
  const shown = withoutExportNames(xml)
  expect(shown).toBe(xml.replace(name, `${disk.vmUuid}.vda.…`))
  expect(readCloneExportName(/name='([^']+)'/.exec(shown)?.[1] ?? '')).toBeNull()
})
