/**
 * Formats that libvirt or QEMU recognize by a file's first bytes, whose headers tell how large the disk is or name other
 * files of the host. A guest can write such a header into a raw disk.
 */
const headers: readonly { format: string; at: number; bytes: Buffer }[] = [
  { format: 'qcow2', at: 0, bytes: Buffer.from('QFI\xfb', 'latin1') },
  { format: 'qed', at: 0, bytes: Buffer.from('QED\0') },
  { format: 'cow', at: 0, bytes: Buffer.from('OOOM') },
  { format: 'vmdk', at: 0, bytes: Buffer.from('KDMV') },
  { format: 'vmdk', at: 0, bytes: Buffer.from('COWD') },
  { format: 'vmdk', at: 0, bytes: Buffer.from('# Disk DescriptorFile') },
  { format: 'vpc', at: 0, bytes: Buffer.from('conectix') },
  { format: 'vhdx', at: 0, bytes: Buffer.from('vhdxfile') },
  { format: 'parallels', at: 0, bytes: Buffer.from('WithoutFreeSpace') },
  { format: 'parallels', at: 0, bytes: Buffer.from('WithouFreSpacExt') },
  { format: 'vdi', at: 64, bytes: Buffer.from([0x7f, 0x10, 0xda, 0xbe]) },
]

/** So much of a file tells its format */
export const headerBytes = Math.max(...headers.map(({ at, bytes }) => at + bytes.length))

/** @param beginning of a file @returns null for one that looks like none of them, as a raw disk should */
export const formatOfHeader = (beginning: Buffer): string | null =>
  headers.find(({ at, bytes }) => beginning.subarray(at, at + bytes.length).equals(bytes))?.format ?? null
