import { createHash } from 'node:crypto'
import { access, chmod, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#lab/command.ts'
import { writeBareKernel } from './bare-kernel.ts'
import { buildDisk } from './disk.ts'
import { copyModules, fetchKernel } from './kernel.ts'

const BUSYBOX = '/bin/busybox'
/** Name of the template's volume in each host's pool of images. */
export const TEMPLATE_VOLUME = 'tiny-linux.qcow2'

export interface GuestImage {
  /** A qcow2 disk that boots by itself. */
  templatePath: string
  /** The same kernel (unpacked, where it can be started so) and initrd as plain files, for guests that skip the BIOS. */
  kernelPath: string
  initrdPath: string
}

/**
 * The guest's disk template, kernel and initrd, built once into `cacheDir` and found there afterwards.
 * Needs apt's package lists; takes about 10 s the first time. Several builders at once are harmless: the first one wins.
 */
export async function guestImage(cacheDir: string): Promise<GuestImage> {
  const finished = join(cacheDir, `guest-${await sourceHash()}`)
  const image = {
    templatePath: join(finished, TEMPLATE_VOLUME),
    kernelPath: join(finished, 'kernel'),
    initrdPath: join(finished, 'initrd'),
  }
  if (await exists(image.templatePath)) return image
  await mkdir(cacheDir, { recursive: true })
  const work = await mkdtemp(join(cacheDir, 'build-'))
  try {
    const out = join(work, 'out')
    await mkdir(out)
    const files = await fetchKernel(work)
    await buildInitrd(join(work, 'root'), files.modulesDir, files.agentPath, join(out, 'initrd'))
    await writeBareKernel(files.kernelPath, join(out, 'kernel'))
    await buildDisk(work, files.kernelPath, join(out, 'initrd'), join(out, TEMPLATE_VOLUME))
    await rename(out, finished).catch(async (error: Error) => {
      if (!(await exists(image.templatePath))) throw error
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return image
}

const BUILT_FROM = ['image.ts', 'kernel.ts', 'bare-kernel.ts', 'disk.ts']

/** The cache is good as long as the files it is built from are the same. */
async function sourceHash(): Promise<string> {
  const hash = createHash('sha256')
  const entries = await readdir(import.meta.dirname, { recursive: true, withFileTypes: true })
  const built = entries.filter(
    (entry) => entry.isFile() && (entry.parentPath !== import.meta.dirname || BUILT_FROM.includes(entry.name)),
  )
  for (const path of built.map((entry) => join(entry.parentPath, entry.name)).sort()) {
    hash.update(path.slice(import.meta.dirname.length)).update(await readFile(path))
  }
  return hash.digest('hex').slice(0, 12)
}

async function buildInitrd(root: string, modulesDir: string, agentPath: string, target: string): Promise<void> {
  const folders = ['bin', 'sbin', 'usr/sbin', 'proc', 'sys', 'dev', 'run', 'tmp', 'var', 'etc', 'lib/modules', 'lib64']
  for (const folder of folders) await mkdir(join(root, folder), { recursive: true })
  await copyFile(BUSYBOX, join(root, 'bin/busybox'))
  const applets = (await run(BUSYBOX, ['--list'])).trim().split('\n')
  await Promise.all(
    applets.filter((name) => name !== 'busybox').map((name) => symlink('busybox', join(root, 'bin', name))),
  )
  await symlink('bin/busybox', join(root, 'init'))
  await symlink('../run', join(root, 'var/run'))
  const own = join(import.meta.dirname, 'root')
  await cp(own, root, { recursive: true, force: true })
  for (const entry of await readdir(own, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(own.length)
    if (entry.isFile() && /^\/(s?bin|etc\/acpi)\//.test(path)) await chmod(join(root, path), 0o755)
  }
  await copyModules(modulesDir, join(root, 'lib/modules'))
  await copyFile(agentPath, join(root, 'usr/sbin/qemu-ga'))
  await copyLibraries(agentPath, root)
  const list = await run('find', ['.', '-mindepth', '1'], { cwd: root })
  await run('cpio', ['-o', '-H', 'newc', '--quiet', '-O', `${target}.cpio`], { cwd: root, input: list })
  // A BIOS takes longer to read it than the kernel to unpack it.
  await run('zstd', ['-q', '-12', '--rm', `${target}.cpio`, '-o', target])
}

/** The guest agent is the one program that is not static: it brings the libraries this machine runs it with. */
async function copyLibraries(program: string, root: string): Promise<void> {
  const text = await run('ldd', [program])
  if (text.includes('not found')) throw new Error(`The guest agent lacks libraries here: ${text}`)
  for (const [, path] of text.matchAll(/(?:=> )?(\/\S+) \(0x/g)) {
    if (!path) continue
    const folder = path.slice(0, path.lastIndexOf('/'))
    await mkdir(join(root, folder), { recursive: true })
    await copyFile(path, join(root, path))
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
