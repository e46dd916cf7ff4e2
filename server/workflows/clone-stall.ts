import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Db } from '#server/db.ts'
import { eachAtOnce } from '#server/each-at-once.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { VmFacts } from '#server/hypervisor/facts.ts'
import type { HostSource } from './define.ts'

export interface CloneStallOptions {
  db: Db
  hosts: HostSource
  log: Logger
  workerName: string
}

const diskError = 'disk error'
/** Each takes a moment, and after a worker was away hundreds may wait. */
const atOnce = 16
const wait = { shortestMs: 5_000, longestMs: 300_000 }

const isStalled = (facts: VmFacts | null) => facts?.state === 'paused' && facts.stateReason === diskError
const settleMs = 500
/** The first read that fails has QEMU connect anew, behind its back: one that comes later finds the connection. */
const resumesAtOnce = 3

/** @returns whether it stood still for a read that failed, and goes on */
export async function resumeStalled(host: HypervisorHost, uuid: string): Promise<boolean> {
  for (let count = 0; count < resumesAtOnce; count++) {
    if (!isStalled(await host.readVm(uuid))) return count > 0
    await host.power(uuid, { action: 'resume' })
    await delay(settleMs)
  }
  return !isStalled(await host.readVm(uuid))
}

/**
 * Resumes clones that stand still since what they share could not be read for a while. One that stops again at once, as
 * with a full disk, is tried ever more seldom.
 */
export class CloneStall {
  readonly #options: CloneStallOptions
  readonly #tried = new Map<string, { waitMs: number; nextAt: number }>()

  constructor(options: CloneStallOptions) {
    this.#options = options
  }

  async resume(now = Date.now()): Promise<void> {
    const { db, hosts, log, workerName } = this.#options
    const stalled = await db.vm.findMany({
      where: {
        ...{ standsOnId: { not: null }, state: 'paused', stateReason: diskError },
        host: { workerId: workerName, state: 'connected' },
      },
      select: { uuid: true, name: true, hostId: true },
    })
    const still = new Set(stalled.map(({ uuid }) => uuid))
    for (const uuid of this.#tried.keys()) if (!still.has(uuid)) this.#tried.delete(uuid)
    await eachAtOnce(stalled, atOnce, async ({ uuid, name, hostId }) => {
      const { waitMs, nextAt } = this.#tried.get(uuid) ?? { waitMs: wait.shortestMs, nextAt: 0 }
      if (now < nextAt) return
      this.#tried.set(uuid, { waitMs: Math.min(wait.longestMs, waitMs * 2), nextAt: now + waitMs })
      try {
        if (await resumeStalled(await hosts.open(hostId), uuid))
          log.info({ vm: name }, 'resumed a clone whose reads had failed')
      } catch (error) {
        log.warn({ vm: name, err: error }, 'a clone could not be resumed')
      }
    })
  }
}
