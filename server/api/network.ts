import { z } from 'zod'
import { demand, load } from '#server/auth/load.ts'
import { listNetworkNames, listNetworks } from '#server/core/host.ts'
import { listNetworkGrants, setNetworkGrants } from '#server/core/network-grant.ts'
import { NetworkGrants } from '#server/schema/network.ts'
import { TenantId } from '#server/schema/tenant.ts'
import { change, router, signedIn } from './trpc.ts'

export const networkRouter = router({
  list: signedIn.query(({ ctx }) => {
    demand(ctx, 'host', 'read')
    return listNetworks(ctx.tx)
  }),

  /** What a VM of the tenant can be plugged into, and at which sites; without a tenant, everything the asker may see. */
  names: signedIn
    .input(z.object({ tenantId: TenantId.nullable() }))
    .query(({ ctx, input }) => listNetworkNames(ctx.tx, input.tenantId)),

  /** Which tenants may use which networks, and how many of their VMs do. */
  grants: signedIn.query(({ ctx }) => {
    demand(ctx, 'network', 'grant')
    return listNetworkGrants(ctx.tx)
  }),

  /** From now on these tenants, and no others, may plug VMs into the network, on every host that has it. */
  setGrants: change('network', 'grant')
    .input(NetworkGrants)
    .mutation(async ({ ctx, input }) => {
      for (const tenantId of input.tenantIds) await load.tenant(ctx, tenantId, 'read')
      await load.network(ctx, input.name, 'grant')
      const { allTenants, tenantIds } = input
      const before = await setNetworkGrants(ctx.tx, input)
      ctx.trail.detail = { before, after: { allTenants, tenantIds } }
    }),
})
