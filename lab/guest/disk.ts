import { mkdir, open, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#lab/command.ts'

const SECTOR_BYTES = 512
const MIB = 1024 * 1024
const BOOT_START_BYTES = MIB

/** Where the guest's records lie on its disk, so that tests can read them without the guest. */
export const RECORD_LAYOUT = { offsetBytes: 48 * MIB, recordSizeBytes: 4096, count: 1024 } as const
/** Where a partition with files for people begins. The guest leaves it alone. */
export const DATA_START_BYTES = 56 * MIB
/** Virtual size of the template: 1 MiB of partition table, 47 MiB of FAT with kernel and initrd, 8 MiB of records, 8 MiB of files. */
export const DISK_SIZE_BYTES = 64 * MIB

/** Without what costs an emulated processor most: tests of its ciphers, certificates for modules, tracing. */
export const KERNEL_ARGUMENTS = [
  'console=ttyS0 quiet panic=1 tsc=unstable nokaslr mitigations=off random.trust_cpu=on no_timer_check',
  'rcupdate.rcu_expedited=1 cryptomgr.notests',
  'initcall_blacklist=load_system_certificate_list,crypto_kdf108_init,init_kprobe_trace',
].join(' ')

/** Makes a qcow2 disk that a BIOS boots by itself: SYSLINUX on a FAT partition, then a partition for the guest's records and one with files. */
export async function buildDisk(
  workDir: string,
  kernelPath: string,
  initrdPath: string,
  target: string,
): Promise<void> {
  const raw = join(workDir, 'disk.raw')
  const mbr = Buffer.alloc(SECTOR_BYTES)
  ;(await readFile('/usr/lib/syslinux/mbr/mbr.bin')).copy(mbr)
  writePartition(mbr, 0, {
    bootable: true,
    type: 0x0e,
    startBytes: BOOT_START_BYTES,
    endBytes: RECORD_LAYOUT.offsetBytes,
  })
  writePartition(mbr, 1, {
    bootable: false,
    type: 0xda,
    startBytes: RECORD_LAYOUT.offsetBytes,
    endBytes: DATA_START_BYTES,
  })
  writePartition(mbr, 2, { bootable: false, type: 0x83, startBytes: DATA_START_BYTES, endBytes: DISK_SIZE_BYTES })
  mbr.writeUInt16LE(0xaa55, 510)
  const data = await buildData(workDir)
  const file = await open(raw, 'w')
  await file.truncate(DISK_SIZE_BYTES)
  await file.write(mbr, 0, SECTOR_BYTES, 0)
  await file.write(data, 0, data.length, DATA_START_BYTES)
  await file.close()

  const config = join(workDir, 'syslinux.cfg')
  await writeFile(
    config,
    `DEFAULT linux\nPROMPT 0\nTIMEOUT 0\nLABEL linux\n KERNEL vmlinuz\n INITRD initrd\n APPEND ${KERNEL_ARGUMENTS}\n`,
  )
  const image = `${raw}@@${BOOT_START_BYTES}`
  const sectors = (RECORD_LAYOUT.offsetBytes - BOOT_START_BYTES) / SECTOR_BYTES
  const hidden = BOOT_START_BYTES / SECTOR_BYTES
  const geometry = ['-h', '16', '-s', '63', '-H', `${hidden}`]
  await run('mformat', ['-i', image, '-T', `${sectors}`, ...geometry, '-c', '32', '-v', 'BOOT', '::'])
  await run('mcopy', ['-i', image, kernelPath, '::vmlinuz'])
  await run('mcopy', ['-i', image, initrdPath, '::initrd'])
  await run('mcopy', ['-i', image, config, '::syslinux.cfg'])
  await run('syslinux', ['--install', '--offset', `${BOOT_START_BYTES}`, raw])
  await run('qemu-img', ['convert', '-q', '-f', 'raw', '-O', 'qcow2', raw, target])
  // Space for the records from the start: else a qcow2 learns where they are only when the guest flushes, and nobody could read them meanwhile.
  const { offsetBytes, recordSizeBytes, count } = RECORD_LAYOUT
  await run('qemu-io', ['-f', 'qcow2', '-c', `write -q -P 0 ${offsetBytes} ${recordSizeBytes * count}`, target])
}

/** An ext4 file system with a few files, such as somebody may want back from a backup. */
async function buildData(workDir: string): Promise<Buffer> {
  const [tree, image] = [join(workDir, 'data'), join(workDir, 'data.ext4')]
  await mkdir(join(tree, 'reports', '2026'), { recursive: true })
  await writeFile(join(tree, 'read me.txt'), 'Files of the lab, to be looked at and brought back from a backup.\n')
  for (const month of ['September', 'October', 'November']) {
    const lines = Array.from({ length: 400 }, (_, line) => `${month},${line + 1},${(line * 7919) % 1000}`)
    await writeFile(join(tree, 'reports', '2026', `${month}.csv`), `month,line,amount\n${lines.join('\n')}\n`)
  }
  await writeFile(join(tree, 'reports', 'Übersicht.txt'), 'September, October, November\n')
  await symlink('2026/November.csv', join(tree, 'reports', 'latest.csv'))
  const file = await open(image, 'w')
  await file.truncate(DISK_SIZE_BYTES - DATA_START_BYTES)
  await file.close()
  await run('mkfs.ext4', ['-q', '-F', '-L', 'data', '-d', tree, image])
  return readFile(image)
}

interface Partition {
  bootable: boolean
  type: number
  startBytes: number
  endBytes: number
}

function writePartition(mbr: Buffer, index: number, partition: Partition): void {
  const at = 446 + index * 16
  mbr.writeUInt8(partition.bootable ? 0x80 : 0, at)
  // 0xfeffff in place of cylinder, head and sector tells a BIOS to use the block addresses.
  mbr.writeUIntLE(0xfffffe, at + 1, 3)
  mbr.writeUInt8(partition.type, at + 4)
  mbr.writeUIntLE(0xfffffe, at + 5, 3)
  mbr.writeUInt32LE(partition.startBytes / SECTOR_BYTES, at + 8)
  mbr.writeUInt32LE((partition.endBytes - partition.startBytes) / SECTOR_BYTES, at + 12)
}
