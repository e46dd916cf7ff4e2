import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '#lab/command.ts'

export interface Seed {
  metaData: string
  userData?: string
  networkConfig?: string
}

/** Writes a NoCloud seed disc, as cloud-init reads it. The guest honours hostname, write_files, runcmd and a static address. */
export async function writeSeed(path: string, seed: Seed): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'skerry-seed-'))
  try {
    await writeFile(join(dir, 'meta-data'), seed.metaData)
    await writeFile(join(dir, 'user-data'), seed.userData ?? '#cloud-config\n')
    if (seed.networkConfig) await writeFile(join(dir, 'network-config'), seed.networkConfig)
    await run('genisoimage', ['-quiet', '-output', path, '-volid', 'cidata', '-joliet', '-rock', dir])
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
