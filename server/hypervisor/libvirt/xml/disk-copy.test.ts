import { expect, test } from 'vitest'
import { copyDestination, readDiskFiles } from './disk-copy.ts'

const running = (mirror: string) => `<domain><devices>
  <disk type='file' device='cdrom'><target dev='sda'/></disk>
  <disk type='file' device='disk'>
    <source file='/old.qcow2' index='1'/>
    <backingStore type='network'><format type='raw'/><source protocol='nbd' name='x'/><backingStore/></backingStore>
    ${mirror}
    <target dev='vda' bus='virtio'/>
  </disk>
</devices></domain>`
const mirror = (job: string, ready: string) =>
  `<mirror type='file' file='/new.qcow2' format='qcow2' job='${job}'${ready}><source file='/new.qcow2' index='3'/></mirror>`

test('a copy is told with where it goes and whether all is in it', () => {
  const path = '/old.qcow2'
  expect(readDiskFiles(running(''), 'vda')).toEqual({ path, copy: null })
  const [begun, ready] = [mirror('copy', ''), mirror('copy', " ready='yes'")]
  expect(readDiskFiles(running(begun), 'vda')).toEqual({ path, copy: { path: '/new.qcow2', isReady: false } })
  expect(readDiskFiles(running(ready), 'vda')).toEqual({ path, copy: { path: '/new.qcow2', isReady: true } })
  // It is on its way to the other file, or back.
  for (const ending of ['pivot', 'abort']) {
    const read = readDiskFiles(running(mirror('copy', ` ready='${ending}'`)), 'vda')
    expect(read.copy).toEqual({ path: '/new.qcow2', isReady: false })
  }
  expect(readDiskFiles(running(mirror('', " ready='yes'")), 'vda').copy).toEqual({ path: '/new.qcow2', isReady: false })
  expect(readDiskFiles(running(mirror('active-commit', " ready='yes'")), 'vda').copy).toBeNull()
})

test('a disk that is no file, or is not there, has none', () => {
  expect(readDiskFiles(running(''), 'sda')).toEqual({ path: null, copy: null })
  expect(readDiskFiles(running(''), 'vdz')).toEqual({ path: null, copy: null })
})

test('the file that a copy goes into is taken for what it is, and for standing on none', () => {
  expect(copyDestination("/a&'b.qcow2")).toBe(
    "<disk type='file'><driver name='qemu' type='qcow2'/><source file='/a&amp;&apos;b.qcow2'/><backingStore/></disk>",
  )
})
