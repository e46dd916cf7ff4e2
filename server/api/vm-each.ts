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

  /** For the audit trail, which tells no tenant of another one’s VMs. */
  get ids(): string[] {
    return this.refused.map(({ vmId }) => vmId)
  }

  /** @returns undefined when it was refused @throws what is no refusal */
  async orRefuse<T>(vmId: string, name: string, work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof SkerryError)) throw error
      this.#note(vmId, name, error)
      return undefined
    }
  }

  #note(vmId: string, name: string, error: SkerryError): void {
    this.first ??= error
    this.refused.push({ vmId, name, reason: error.message })
  }

  /**
   * Does it for all at once; where that is refused for each half, and so on to those that are refused alone. What is
   * refused must leave nothing behind. @returns ids of those it was done for, in their order
   */
  async together(vms: readonly Vm[], work: (ids: readonly string[]) => Promise<void>): Promise<string[]> {
    const ids = vms.map(({ id }) => id)
    try {
      await work(ids)
      return ids
    } catch (error) {
      if (!(error instanceof SkerryError)) throw error
      const [only, ...others] = vms
      if (only && others.length === 0) this.#note(only.id, only.name, error)
    }
    if (vms.length < 2) return []
    const half = Math.ceil(vms.length / 2)
    const first = await this.together(vms.slice(0, half), work)
    return [...first, ...(await this.together(vms.slice(half), work))]
  }

  /** Those of the VMs that are there and that the asker may do this to, each once */
  async loadAllowed(ctx: Asking, ids: readonly string[], action: ActionOf<'vm'>): Promise<Vm[]> {
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
