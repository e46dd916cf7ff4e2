// A disk of 2 GiB with 1.3 GiB of data, then 46 MiB of changes: full and incremental backup over NBD from a real QEMU,
// restore of the earlier state over the later one, verify; encrypted. The peers are restic and borg, which read the same
// states from a file.
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cost, measured, sizeOf } from './backup/command.ts'
import { makeImages } from './backup/image.ts'
import { QemuDisk } from './backup/qemu-disk.ts'
import { BenchWorker } from './backup/worker.ts'
import { rounded } from './measure/percentile.ts'
import { say, sayMachine, sayResult, sayTable } from './measure/report.ts'

const folder = await mkdtemp(join(tmpdir(), 'skerry-bench-backup-'))
const source = join(folder, 'source', 'disk.img')
const out = join(folder, 'out')
const resticFolder = join(folder, 'restic')
const borgFolder = join(folder, 'borg')
const environment = {
  RESTIC_PASSWORD: 'bench',
  RESTIC_CACHE_DIR: join(folder, 'restic-cache'),
  BORG_PASSPHRASE: 'bench',
  BORG_BASE_DIR: join(folder, 'borg-base'),
}
const restic = (...args: string[]) => measured(['restic', '-q', '-r', resticFolder, ...args], environment)
const borg = (...args: string[]) => measured(['borg', ...args], environment)
const borgCreate = (name: string) =>
  borg('create', '-C', 'zstd,1', '--chunker-params', 'fixed,65536', `${borgFolder}::${name}`, join(folder, 'source'))
const copy = (from: string, to: string) => execFileSync('cp', ['--sparse=always', join(folder, from), to])
const same = (a: string, b: string) => execFileSync('cmp', [a, b])

async function restoredFile(): Promise<string> {
  const found = (await readdir(out, { recursive: true })).find((name) => name.endsWith('disk.img'))
  return join(out, found ?? 'nothing')
}

/** A restore is done when what it wrote is on the disk: ours says so itself, theirs is told to. */
async function intoOut(restore: () => Promise<Cost>, expected: string): Promise<Cost> {
  await rm(out, { recursive: true, force: true })
  await mkdir(out)
  const cost = await restore()
  const startedAt = performance.now()
  execFileSync('sync', [await restoredFile()])
  const seconds = cost.seconds + (performance.now() - startedAt) / 1000
  same(await restoredFile(), expected)
  return { ...cost, seconds }
}

/** The one in the middle of three: what the first one pays for memory, the next has at hand. */
async function middleOfThree(what: string, run: () => Promise<Cost>): Promise<Cost> {
  const costs = [await run(), await run(), await run()].sort((a, b) => a.seconds - b.seconds)
  say(`${what}: ${costs.map(({ seconds }) => rounded(seconds)).join(', ')} s`)
  return costs[1] ?? run()
}

/** A full backup goes into a repository that `begin` has made anew; the last one stays for the other steps. */
const fullBackup = (whose: string, begin: () => Promise<unknown>, backUp: () => Promise<Cost>) =>
  middleOfThree(`${whose} full backup`, async () => {
    await begin()
    return backUp()
  })

async function beginRestic() {
  await rm(resticFolder, { recursive: true, force: true })
  await restic('init')
}

async function beginBorg() {
  await rm(borgFolder, { recursive: true, force: true })
  await borg('init', '-e', 'repokey-blake2', borgFolder)
}

const disk = new QemuDisk(folder)
let worker: BenchWorker | undefined
try {
  say('Making the disk and its later state')
  const changes = await makeImages(folder)
  disk.make(join(folder, 'v1.img'))
  await mkdir(join(folder, 'source'))
  const running = await BenchWorker.start(folder)
  worker = running
  const ours = (step: string) => running.run(step)
  sayMachine()

  copy('v1.img', source)
  await disk.serve()
  const full = {
    ours: await fullBackup(
      'our',
      () => ours('begin'),
      () => ours('full'),
    ),
    restic: await fullBackup('restic’s', beginRestic, () => restic('backup', source)),
    borg: await fullBackup('borg’s', beginBorg, () => borgCreate('full')),
  }
  await disk.stop()

  copy('v2.img', source)
  await disk.write(join(folder, 'v2.img'), changes)
  await disk.serve()
  const incremental = {
    ours: await ours('incremental'),
    restic: await restic('backup', source),
    borg: await borgCreate('incremental'),
  }
  await disk.stop()
  const stored = {
    ours: await sizeOf(join(folder, 'skerry')),
    restic: await sizeOf(resticFolder),
    borg: await sizeOf(borgFolder),
  }

  const v1 = join(folder, 'v1.img')
  const snapshots = await restic('snapshots', '--json')
  const [first] = JSON.parse(snapshots.output)
  const restore = {
    ours: await middleOfThree('our restore', async () => {
      copy('v2.img', join(folder, 'restored.img'))
      const cost = await ours('restore')
      same(join(folder, 'restored.img'), v1)
      return cost
    }),
    restic: await middleOfThree('restic’s restore', () =>
      intoOut(() => restic('restore', first.short_id, '--target', out), v1),
    ),
    borg: await middleOfThree('borg’s restore', () =>
      intoOut(
        () => measured(['bash', '-c', `cd ${out} && borg extract --sparse ${borgFolder}::full`], environment),
        v1,
      ),
    ),
  }
  const verify = {
    ours: await ours('verify'),
    restic: await restic('check', '--read-data'),
    borg: await borg('check', '--verify-data', borgFolder),
  }
  sayMachine()
  const row = (name: string, costs: Record<'ours' | 'restic' | 'borg', Cost>) => [
    name,
    ...[costs.ours, costs.restic, costs.borg].flatMap(({ seconds, cpuSeconds }) => [seconds, cpuSeconds]),
  ]
  sayTable(
    ['step', 'ours s', 'CPU s', 'restic s', 'CPU s', 'borg s', 'CPU s'],
    [row('full', full), row('incremental', incremental), row('restore', restore), row('verify', verify)],
  )
  const mib = (bytes: number) => Math.round(bytes / 2 ** 20)
  say(`stored MiB: ours ${mib(stored.ours)}, restic ${mib(stored.restic)}, borg ${mib(stored.borg)}`)
  say(
    `our process was ready after ${rounded(running.startSeconds)} s; a worker that runs takes the steps as they are here`,
  )
  sayResult({
    bench: 'backup',
    fullVsRestic: rounded(full.restic.seconds / full.ours.seconds),
    incrementalVsRestic: rounded(incremental.restic.seconds / incremental.ours.seconds),
    incrementalVsBorg: rounded(incremental.borg.seconds / incremental.ours.seconds),
    storedVsBorg: rounded(stored.ours / stored.borg),
    restoreVsRestic: rounded(restore.restic.seconds / restore.ours.seconds),
    verifyCpuVsRestic: rounded(verify.restic.cpuSeconds / verify.ours.cpuSeconds),
    mostMemoryMib: running.mostMemoryMib,
  })
} finally {
  await worker?.stop()
  await disk.stop()
  await rm(folder, { recursive: true, force: true })
}
