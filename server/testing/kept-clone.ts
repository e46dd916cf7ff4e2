import { basename } from 'node:path'
import { expect } from 'vitest'
import { run } from '#lab/command.ts'
import type { TestFleet } from './fleet.ts'
import type { runningClone } from './running-clone.ts'

type Clone = Awaited<ReturnType<typeof runningClone>>

/** Fails unless these disks of a clone are volumes of their own that hold all that its guest saw, and nothing of before is left. */
export async function expectOnItsOwn(fleet: TestFleet, clone: Clone, oldFiles: readonly string[]): Promise<void> {
  const { lab } = fleet.host('a')
  const files = await clone.files()
  expect(files).toHaveLength(oldFiles.length)
  expect(files.filter((file) => oldFiles.includes(file))).toEqual([])
  expect(await clone.files('--inactive')).toEqual(files)
  for (const flags of [[], ['--inactive']]) {
    expect(await lab.virsh('dumpxml', ...flags, clone.name)).not.toMatch(/protocol='nbd'|<mirror/)
  }
  expect(await clone.volumes()).toEqual(files.map((file) => basename(file)).sort())
  for (const file of files) {
    const outside = lab.outsidePath(file)
    const chain = JSON.parse(await run('qemu-img', ['info', '-U', '--backing-chain', '--output=json', outside]))
    expect(chain).toHaveLength(1)
    expect(chain[0]).toMatchObject({ format: 'qcow2' })
    expect(chain[0]).not.toHaveProperty('backing-filename')
    expect(await run('qemu-img', ['compare', '-U', '-f', 'raw', '-F', 'qcow2', clone.seen, outside])).toMatch(
      /identical/,
    )
  }
}
