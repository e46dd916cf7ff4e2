import type { Tx } from '#server/db.ts'
import { forbidden } from '#server/errors.ts'
import type { NetworkGrants } from '#server/schema/network.ts'

/** Networks that a tenant may use, by name and where it matters by mode; 'any' for VMs of no tenant, which are operators'. */
export type GrantedNetworks = 'any' | readonly { networkName: string; mode: string | null }[]

export const mayUse = (granted: GrantedNetworks, network: { name: string; mode: string }): boolean =>
  granted === 'any' ||
  granted.some(({ networkName, mode }) => networkName === network.name && (mode ?? network.mode) === network.mode)

/** What each of these tenants may use; under a tenant's scope only of its own. */
export async function readGrantedNetworks(tx: Tx, tenantIds: Iterable<string | null>) {
  const wanted = [...new Set(tenantIds)]
  const known = wanted.filter((id) => id !== null)
  const grants = known.length
    ? await tx.networkGrant.findMany({ where: { OR: [{ tenantId: null }, { tenantId: { in: known } }] } })
    : []
  return new Map<string | null, GrantedNetworks>(
    wanted.map((id) => [
      id,
      id === null ? 'any' : grants.filter(({ tenantId }) => tenantId === null || tenantId === id),
    ]),
  )
}

export async function grantedNetworksOf(tx: Tx, tenantId: string | null): Promise<GrantedNetworks> {
  return (await readGrantedNetworks(tx, [tenantId])).get(tenantId) ?? []
}

type There = { hostId: string } | { siteId: string }

/**
 * What a tenant may use, and the reason against the first of these networks that it may not be plugged into there. One
 * that is not there and one that it may not use are told apart only to whom it was granted.
 */
export async function judgeNetworks(
  tx: Tx,
  tenantId: string | null,
  there: There,
  names: readonly string[],
): Promise<{ granted: GrantedNetworks; reason: string | null }> {
  const granted = await grantedNetworksOf(tx, tenantId)
  if (granted === 'any' || names.length === 0) return { granted, reason: null }
  const host = 'hostId' in there ? { id: there.hostId } : { siteId: there.siteId }
  const networks = await tx.network.findMany({
    where: { name: { in: [...names] }, host },
    select: { name: true, mode: true },
  })
  const refused = names.find((name) => {
    const present = networks.filter((network) => network.name === name)
    // Where it is of another mode than is granted, it does not even show.
    if (present.length === 0) return !granted.some(({ networkName, mode }) => networkName === name && mode === null)
    return !present.some((network) => mayUse(granted, network))
  })
  if (refused === undefined) return { granted, reason: null }
  const tenant = await tx.tenant.findUnique({ where: { id: tenantId ?? '' }, select: { name: true } })
  return { granted, reason: `${tenant?.name ?? 'The tenant'} may not use a network named ${refused} there.` }
}

/** Asked wherever a VM of the tenant gets a card. @throws forbidden for a network that it may not use there */
export async function demandNetworks(...asked: Parameters<typeof judgeNetworks>): Promise<GrantedNetworks> {
  const { granted, reason } = await judgeNetworks(...asked)
  if (reason === null) return granted
  throw forbidden(reason, 'Choose another network, or have an operator grant it on the Networks page.')
}

/** Why a twin of the VM can't have its cards, or null. */
export async function judgeTwinCards(
  tx: Tx,
  vm: { id: string; tenantId: string | null; hostId: string },
  mayPlugIntoHosts: boolean,
): Promise<string | null> {
  const cards = await tx.vmInterface.findMany({ where: { vmId: vm.id }, select: { mac: true, networkName: true } })
  const bare = cards.find(({ networkName }) => networkName === null)
  if (bare && !mayPlugIntoHosts) {
    return `Its card ${bare.mac} is plugged into the host itself, not into a network, which takes an operator.`
  }
  const names = cards.flatMap(({ networkName }) => networkName ?? [])
  return (await judgeNetworks(tx, vm.tenantId, { hostId: vm.hostId }, names)).reason
}

/** @throws forbidden where the tenant may not use a network that one of these VMs is plugged into */
export async function demandNetworksOfVms(tx: Tx, tenantId: string, vmIds: readonly string[]): Promise<void> {
  const vms = await tx.vm.findMany({
    where: { id: { in: [...vmIds] } },
    select: { name: true, hostId: true, interfaces: { select: { networkName: true } } },
  })
  for (const { name, hostId, interfaces } of vms) {
    const names = interfaces.flatMap(({ networkName }) => networkName ?? [])
    const { reason } = await judgeNetworks(tx, tenantId, { hostId }, names)
    if (reason === null) continue
    throw forbidden(`${name} is plugged in: ${reason}`, 'Grant the network on the Networks page, or take its card out.')
  }
}

/** Every grant, with the number of VMs that each tenant has on each network. */
export async function listNetworkGrants(tx: Tx) {
  const grants = await tx.networkGrant.findMany({
    select: { networkName: true, tenantId: true, mode: true },
    orderBy: [{ networkName: 'asc' }, { tenantId: 'asc' }],
  })
  const use = await tx.$queryRaw<{ networkName: string; tenantId: string; vms: number }[]>`
    SELECT network_name AS "networkName", tenant_id AS "tenantId", count(DISTINCT vm.id)::int AS vms
    FROM vm_interface JOIN vm ON vm.id = vm_interface.vm_id
    WHERE network_name IS NOT NULL AND tenant_id IS NOT NULL GROUP BY 1, 2`
  return { grants, use }
}

/** VMs that are plugged in stay so; what counts is who may plug in from now on. @returns what was granted before */
export async function setNetworkGrants(tx: Tx, { name, allTenants, tenantIds }: NetworkGrants) {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`skerry.network ${name}`}, 0))`
  const before = await tx.networkGrant.findMany({ where: { networkName: name } })
  await tx.networkGrant.deleteMany({ where: { networkName: name } })
  const granted = allTenants ? [null] : [...new Set(tenantIds)]
  await tx.networkGrant.createMany({ data: granted.map((tenantId) => ({ networkName: name, tenantId })) })
  return {
    allTenants: before.some(({ tenantId }) => tenantId === null),
    tenantIds: before.flatMap(({ tenantId }) => tenantId ?? []),
  }
}
