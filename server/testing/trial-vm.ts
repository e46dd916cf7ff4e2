import { createGuest } from '#lab/guest/guest.ts'
import type { Prisma } from '#prisma/generated/client.ts'
import type { OperationKind } from '#server/schema/operation.ts'
import type { TestFleet } from './fleet.ts'
import { writeVmRow } from './fleet-rows.ts'
import { judgeOf } from './judge.ts'

/**
 * A VM on host `a` for one trial, known to the database, and what is the same for every operation on it. There is no
 * system on its disk unless `hasSystem`.
 */
export async function trialVm(
  fleet: TestFleet,
  name: string,
  state: 'running' | 'off',
  { hasSystem = false }: { hasSystem?: boolean } = {},
) {
  const host = fleet.host('a')
  const judge = judgeOf(host, name)
  const guest = await createGuest(host.lab, { name, memoryMib: 96, isEmpty: !hasSystem })
  if (state === 'running') await host.lab.virsh('start', name)
  const id = await writeVmRow(fleet.db, host.id, guest.uuid)
  return {
    id,
    host,
    judge,
    guest,
    ask: (kind: OperationKind, input: Prisma.InputJsonObject) =>
      fleet.ask({ kind, target: { kind: 'vm', id, name }, tenantId: null, hostId: host.id, input }),
    async clear() {
      await judge.clear()
      await fleet.db.vm.deleteMany({ where: { id } })
    },
  }
}
