import { z } from 'zod'
import { Prisma } from '#prisma/generated/client.ts'
import { router, signedIn } from '#server/api/trpc.ts'
import { vmFilter } from '#server/core/vm-filter.ts'
import { encodeCursor } from '#server/core/vm-list.ts'
import type { PagePlace } from '#server/core/vm-page.ts'
import { readVmRows } from '#server/core/vm-row.ts'
import { filterTerms } from '#server/schema/filter.ts'
import { VmListInput, type VmSortKey } from '#server/schema/vm.ts'

const order: Record<VmSortKey, string> = {
  name: 'vm.name',
  state: 'vm.state',
  site: 'site.name',
  host: 'host.name',
  tenant: `coalesce(tenant.name, '')`,
  vcpus: 'vm.vcpu_count',
  memory: 'vm.memory_bytes',
  disk: 'vm.disk_bytes',
  cpu: 'coalesce(stat.cpu_usage, -1)',
  created: 'vm.created_at',
}

const join: Partial<Record<VmSortKey, string>> = {
  site: 'JOIN site ON site.id = vm.site_id',
  host: 'JOIN host ON host.id = vm.host_id',
  tenant: 'LEFT JOIN tenant ON tenant.id = vm.tenant_id',
  cpu: 'LEFT JOIN vm_stat AS stat ON stat.vm_id = vm.id',
}

/**
 * The peer: the same page of the same VMs through the same path, found by LIMIT and OFFSET; with the cursor from which
 * the list goes on after it.
 */
export const offsetRouter = router({
  offset: router({
    list: signedIn.input(VmListInput.extend({ offset: z.int() })).query(async ({ ctx, input }) => {
      const direction = Prisma.raw(input.sort.descending ? 'DESC' : 'ASC')
      const sortKey = Prisma.raw(order[input.sort.key])
      const { condition } = await vmFilter(ctx.tx, filterTerms(input.filter))
      const places = await ctx.tx.$queryRaw<PagePlace[]>`
        SELECT vm.id::text AS id, (${sortKey})::text AS value
        FROM vm ${Prisma.raw(join[input.sort.key] ?? '')}
        WHERE ${condition}
        ORDER BY ${sortKey} ${direction}, vm.id ${direction}
        LIMIT ${input.limit} OFFSET ${input.offset}`
      const last = places.at(-1)
      const ids = places.map(({ id }) => id)
      return { rows: await readVmRows(ctx.tx, ids), cursor: last ? encodeCursor(last) : null }
    }),
  }),
})
