import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { run } from '#lab/command.ts'

/** Where a bzImage says how long its beginning is and where its payload lies: the kernel's x86 boot protocol, 2.08 and later. */
const SETUP_SECTORS_AT = 0x1f1
const MAGIC_AT = 0x202
const PAYLOAD_AT = 0x248
const SECTOR_BYTES = 512
/** The build appends the unpacked size, which the programs that unpack take for damage. */
const SIZE_BYTES = 4

const UNPACKERS = [
  { magic: '02214c18', command: 'lz4 -dc' },
  { magic: '28b52ffd', command: 'zstd -qdc' },
  { magic: 'fd377a58', command: 'xz -dc' },
] as const

/** ELF notes of the owner "Xen" and of type 18: where QEMU may enter a kernel without its BIOS half (PVH). */
const PVH_NOTES = ['040000000400000012000000', '040000000800000012000000'].map((header) =>
  Buffer.from(`${header}${Buffer.from('Xen\0').toString('hex')}`, 'hex'),
)

/**
 * Writes the kernel as QEMU boots it soonest: unpacked, where it can be entered so; else as it came. An emulated processor spends a seventh
 * of a boot on unpacking.
 */
export async function writeBareKernel(kernelPath: string, target: string): Promise<void> {
  if (!(await unpackKernel(kernelPath, target))) await copyFile(kernelPath, target)
}

/** @returns whether QEMU can start what is there then */
async function unpackKernel(kernelPath: string, target: string): Promise<boolean> {
  const image = await readFile(kernelPath)
  if (image.toString('latin1', MAGIC_AT, MAGIC_AT + 4) !== 'HdrS') return false
  const start = (image.readUInt8(SETUP_SECTORS_AT) + 1) * SECTOR_BYTES + image.readUInt32LE(PAYLOAD_AT)
  const payload = image.subarray(start, start + image.readUInt32LE(PAYLOAD_AT + 4) - SIZE_BYTES)
  const unpacker = UNPACKERS.find(({ magic }) => payload.toString('hex', 0, 4) === magic)
  if (!unpacker) return false
  const packed = `${kernelPath}.payload`
  await writeFile(packed, payload)
  await run('sh', ['-c', `${unpacker.command} <"$0" >"$1"`, packed, target])
  const kernel = await readFile(target)
  return PVH_NOTES.some((note) => kernel.includes(note))
}
