import type { Vm } from '#prisma/generated/client.ts'
import type { Trail } from '#server/auth/audit.ts'
import { type Asking, load } from '#server/auth/load.ts'
import type { ActionOf } from '#server/auth/policy.ts'
import { type ErrorCode, SkerryError } from '#server/errors.ts'

/** A VM for which it was not done, and why. */
export interface Refusal {
  vmId: string
  name: string
  code: ErrorCode
  reason: string
}

type Named = Pick<Vm, 'id' | 'name' | 'tenantId'>

/** Collects what is refused of many, so that one VM does not keep the others from it; for the audit trail as well. */
export class Refusals {
  readonly refused: Refusal[] = []
  first: SkerryError | undefined
  readonly #trail: Trail

  constructor(trail: Trail) {
    this.#trail = trail
    trail.each = []
  }

  /** @returns undefined when it was refused @throws what is no refusal */
  async orRefuse<T>(vm: Named, work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof SkerryError)) throw error
      this.#note(vm.id, vm, error)
      return undefined
    }
  }

  /** @param seen absent when there is none that the asker sees */
  #note(vmId: string, seen: Omit<Named, 'id'> | undefined, error: SkerryError): void {
    this.first ??= error
    this.refused.push({ vmId, name: seen?.name ?? vmId, code: error.code, reason: error.message })
    const { name = null, tenantId = null } = seen ?? {}
    this.#trail.each?.push({ resource: { kind: 'vm', id: vmId, name, tenantId }, error })
  }

  /** An entry for each that it was done to, or begun on: found by its name, and in its tenant's own chain. */
  noteDone(vms: readonly Named[]): void {
    for (const { id, name, tenantId } of vms) {
      this.#trail.each?.push({ resource: { kind: 'vm', id, name, tenantId } })
    }
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
      if (only && others.length === 0) this.#note(only.id, only, error)
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
      delete ctx.trail.resource
      try {
        vms.push(await load.vm(ctx, vmId, action))
      } catch (error) {
        if (!(error instanceof SkerryError)) throw error
        // Left behind for one that the asker sees and may not change.
        this.#note(vmId, ctx.trail.resource, error)
      }
    }
    // What is asked of many is on none of them alone.
    if (ids.length > 1) delete ctx.trail.resource
    return vms
  }
}
