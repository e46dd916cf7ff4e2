import type { Vm } from '#prisma/generated/client.ts'
import { type Asking, load } from '#server/auth/load.ts'
import type { ActionOf } from '#server/auth/policy.ts'
import { SkerryError } from '#server/errors.ts'

/** A VM for which it was not done, and why. */
export interface Refusal {
  vmId: string
  name: string
  reason: string
}

/** Collects what is refused of many, so that one VM does not keep the others from it. */
export class Refusals {
  readonly refused: Refusal[] = []
  first: SkerryError | undefined

  /** @returns undefined when it was refused @throws what is no refusal */
  async orRefuse<T>(vmId: string, name: string, work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof SkerryError)) throw error
      this.first ??= error
      this.refused.push({ vmId, name, reason: error.message })
      return undefined
    }
  }

  /** Does it for all at once; where that is refused one by one, in their order. @returns ids of those it was done for */
  async together(vms: readonly Vm[], work: (ids: readonly string[]) => Promise<readonly string[]>): Promise<string[]> {
    const all = new Refusals()
    const done = await all.orRefuse('', '', () => work(vms.map(({ id }) => id)))
    if (done) return [...done]
    const each: string[] = []
    for (const { id, name } of vms) each.push(...((await this.orRefuse(id, name, () => work([id]))) ?? []))
    return each
  }

  /** Those of the VMs that are there and that the asker may do this to, each once */
  async load(ctx: Asking, ids: readonly string[], action: ActionOf<'vm'>): Promise<Vm[]> {
    const vms: Vm[] = []
    for (const vmId of new Set(ids)) {
      const vm = await this.orRefuse(vmId, vmId, () => load.vm(ctx, vmId, action))
      if (vm) vms.push(vm)
      const { resource } = ctx.trail
      const refusal = this.refused.at(-1)
      // One that the asker sees and may not change has a name for them.
      if (refusal?.vmId === resource?.id && refusal && resource) refusal.name = resource.name
    }
    const last = vms.at(-1)
    if (last) ctx.trail.resource = { kind: 'vm', id: last.id, name: last.name, tenantId: last.tenantId }
    return vms
  }
}
