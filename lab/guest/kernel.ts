import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { run } from '#lab/command.ts'

/** Kernel packages that boot fast under emulation, best first: Debian's cloud kernel, then Ubuntu's virtual one. */
const KERNEL_PACKAGES = ['linux-image-cloud-amd64', 'linux-image-virtual']

/** Modules by name, in the order the guest loads them; what they depend on goes first. Drivers built into a kernel are simply not found. */
const BOOT_MODULES = [
  ...['virtio_pci', 'virtio_blk', 'virtio_net', 'virtio_console', 'virtio_balloon', 'button', 'evdev', 'isofs', 'sr_mod'],
  ...['sd_mod', 'virtio_scsi'],
]
/** Loaded only when the guest looks for a seed on an IDE disc: its probe costs time at each boot. */
const SEED_MODULES = ['ata_piix']

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
 * Copies the modules a guest needs, uncompressed, into `targetDir` and writes `order`, the list of those to load at boot.
 */
export async function copyModules(modulesDir: string, targetDir: string): Promise<void> {
  const paths = new Map<string, string>()
  for (const path of await findFiles(modulesDir, (name) => /\.ko(\.xz|\.zst)?$/.test(name))) {
    paths.set(moduleName(path), path)
  }
  const order: string[] = []
  const copied = new Set<string>()
  const copy = async (name: string, list: string[]): Promise<void> => {
    const path = paths.get(name)
    if (!path || copied.has(name)) return
    copied.add(name)
    const target = join(targetDir, `${name}.ko`)
    await writeUncompressed(path, target)
    for (const needed of await dependencies(target)) await copy(needed, list)
    list.push(`${name}.ko`)
  }
  // virtio_ring must be there before virtio on kernels that do not say so themselves.
  for (const name of ['virtio_ring', 'virtio', ...BOOT_MODULES]) await copy(name, order)
  for (const name of SEED_MODULES) await copy(name, order)
  const atBoot = order.filter((file) => !SEED_MODULES.includes(basename(file, '.ko')))
  await writeFile(join(targetDir, 'order'), `${atBoot.join('\n')}\n`)
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
async function dependencies(path: string): Promise<string[]> {
  const text = (await readFile(path)).toString('latin1')
  const found = /\0depends=([^\0]*)\0/.exec(text)?.[1] ?? ''
  return found.split(',').filter((name) => name !== '')
}

async function findFiles(dir: string, wanted: (name: string) => boolean): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile() && wanted(entry.name)).map((entry) => join(entry.parentPath, entry.name))
}
