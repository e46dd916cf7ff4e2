import { expect, test } from 'vitest'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { fenced, LeaseLost } from './fence.ts'

test('without the lease a host is asked, and told nothing that changes it', async () => {
  const sent: string[] = []
  const note = (name: string) => async () => void sent.push(name)
  const verbs = ['readVm', 'thawFileSystems', 'revertToSnapshot', 'deleteCheckpoint']
  const host = Object.fromEntries(verbs.map((name) => [name, note(name)])) as unknown as HypervisorHost
  let isHeld = true
  const guarded = fenced(host, () => isHeld)
  await guarded.revertToSnapshot('web', 'before')
  isHeld = false
  await guarded.readVm('web')
  await guarded.thawFileSystems('web')
  await expect(guarded.revertToSnapshot('web', 'before')).rejects.toThrow(LeaseLost)
  await expect(guarded.deleteCheckpoint('web', 'mark')).rejects.toThrow('deleteCheckpoint was not sent')
  expect(sent).toEqual(['revertToSnapshot', 'readVm', 'thawFileSystems'])
})
