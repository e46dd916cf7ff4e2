import type { Vm } from '#prisma/generated/client.ts'
import type { Asking } from '#server/auth/load.ts'
import { allowed } from '#server/auth/policy.ts'
import { judgeTwinCards } from '#server/core/network-grant.ts'
import { forbidden } from '#server/errors.ts'

/** Why this asker can't have a twin of its cards; plugging into a host itself is as much as editing the XML. */
export const twinObstacle = ({ tx, actor }: Pick<Asking, 'tx' | 'actor'>, vm: Pick<Vm, 'id' | 'tenantId' | 'hostId'>) =>
  judgeTwinCards(tx, vm, allowed(actor, 'vm', 'edit-xml', vm) === true)

/** @throws forbidden where a card of the twin may not be */
export async function demandTwinCards(ctx: Asking, vm: Vm): Promise<void> {
  const obstacle = await twinObstacle(ctx, vm)
  if (obstacle) throw forbidden(`${vm.name} can’t be cloned. ${obstacle}`, 'Ask an operator.')
}
