import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { run } from '#lab/command.ts'

/** Kernel packages that boot fast under emulation, best first: Debian's cloud kernel, then Ubuntu's virtual one. */
const KERNEL_PACKAGES = ['linux-image-cloud-amd64', 'linux-image-virtual']

/** Modules by name, in the order the guest loads them; what they depend on goes first. Drivers built into a kernel are simply not found. */
const BOOT_MODULES = ['virtio_pci', 'virtio_blk', 'virtio_net', 'virtio_console', 'virtio_balloon', 'button', 'evdev']
/** Loaded only by a guest that has no virtio disk or looks for a seed: probing them costs time at each boot. */
const SEED_MODULES = ['isofs', 'sr_mod', 'sd_mod', 'virtio_scsi', 'ata_piix']
/** For the files on its disk; `ext4` does not say itself that it needs a checksum. */
const FILES_MODULES = ['crc32c_generic', 'ext4']

export interface KernelFiles {
  kernelPath: string
  /** The unpacked kernel/ folder of modules. */
  modulesDir: string
  agentPath: string
}

/** Downloads and unpacks a distribution kernel and the QEMU guest agent into `dir`, without installing either. */
export async function fetchKernel(dir: string): Promise<KernelFiles> {
  const packages = [...(await kernelPackages()), 'qemu-guest-agent']
  await run('apt-get', ['download', '-q', ...packages], { cwd: dir, timeoutMs: 300_000 })
  for (const file of await readdir(dir)) {
    if (file.endsWith('.deb')) await run('dpkg-deb', ['-x', join(dir, file), join(dir, 'unpacked')])
  }
  const unpacked = join(dir, 'unpacked')
  const boot = await readdir(join(unpacked, 'boot'))
  const kernel = boot.find((name) => name.startsWith('vmlinuz'))
  if (!kernel) throw new Error(`No kernel in ${packages.join(', ')}`)
  const version = kernel.slice('vmlinuz-'.length)
  const agent = (await findFiles(unpacked, (name) => name === 'qemu-ga'))[0]
  if (!agent) throw new Error('No qemu-ga in the package qemu-guest-agent')
  const modules = (await findFiles(unpacked, (name) => name === 'virtio_net.ko' || name.startsWith('isofs.ko')))[0]
  if (!modules) throw new Error(`No modules for kernel ${version}`)
  const modulesDir = modules.slice(0, modules.indexOf(`/${version}/kernel/`) + version.length + '/kernel'.length + 1)
  return { kernelPath: join(unpacked, 'boot', kernel), modulesDir, agentPath: agent }
}

/** Names of the packages holding the kernel image and its modules, behind the distribution's metapackage. */
async function kernelPackages(): Promise<string[]> {
  for (const metapackage of KERNEL_PACKAGES) {
    const text = await run('apt-cache', ['depends', metapackage]).catch(() => '')
    const images = [...text.matchAll(/Depends: (linux-image-\S+)/g)].map((match) => match[1] ?? '')
    if (images.length === 0) continue
    const all = await run('apt-cache', ['depends', ...images])
    const modules = [...all.matchAll(/Depends: (linux-modules-\S+)/g)].map((match) => match[1] ?? '')
    return [...new Set([...images, ...modules])]
  }
  throw new Error(`apt knows none of ${KERNEL_PACKAGES.join(', ')}: run apt-get update, or use Debian 12 or Ubuntu`)
}

/**
 * Copies the modules a guest needs, uncompressed, into `targetDir` and writes their order: `boot`, `seed` and
 * `files`, the lists of those to load at each boot and of those a guest loads when it needs them.
 */
export async function copyModules(modulesDir: string, targetDir: string): Promise<void> {
  const paths = new Map<string, string>()
  for (const path of await findFiles(modulesDir, (name) => /\.ko(\.xz|\.zst)?$/.test(name))) {
    paths.set(moduleName(path), path)
  }
  const copied = new Set<string>()
  const copy = async (name: string, list: string[]): Promise<void> => {
    const path = paths.get(name)
    if (!path || copied.has(name)) return
    copied.add(name)
    const target = join(targetDir, `${name}.ko`)
    await writeUncompressed(path, target)
    const module = await readFile(target)
    await writeFile(target, withoutSignature(module))
    for (const needed of dependencies(module)) await copy(needed, list)
    list.push(`${name}.ko`)
  }
  // virtio_ring must be there before virtio on kernels that do not say so themselves.
  for (const [list, names] of Object.entries({
    boot: ['virtio_ring', 'virtio', ...BOOT_MODULES],
    seed: SEED_MODULES,
    files: FILES_MODULES,
  })) {
    const order: string[] = []
    for (const name of names) await copy(name, order)
    await writeFile(join(targetDir, list), `${order.join('\n')}\n`)
  }
}

function moduleName(path: string): string {
  return basename(path)
    .replace(/\.ko(\.xz|\.zst)?$/, '')
    .replaceAll('-', '_')
}

async function writeUncompressed(path: string, target: string): Promise<void> {
  await copyFile(path, path.endsWith('.ko') ? target : `${target}${path.slice(path.lastIndexOf('.'))}`)
  if (path.endsWith('.xz')) await run('xz', ['-d', `${target}.xz`])
  if (path.endsWith('.zst')) await run('zstd', ['-q', '-d', '--rm', `${target}.zst`])
}

/** What a module says it needs: `depends=a,b` in its .modinfo section. */
function dependencies(module: Buffer): string[] {
  const found = /\0depends=([^\0]*)\0/.exec(module.toString('latin1'))?.[1] ?? ''
  return found.split(',').filter((name) => name !== '')
}

/** Checking a signature takes an emulated processor longer than everything else about a module. */
function withoutSignature(module: Buffer): Buffer {
  const marker = Buffer.from('~Module signature appended~\n')
  if (!module.subarray(-marker.length).equals(marker)) return module
  const lengthAt = module.length - marker.length - 4
  return module.subarray(0, lengthAt - 8 - module.readUInt32BE(lengthAt))
}

async function findFiles(dir: string, wanted: (name: string) => boolean): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && wanted(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
}
