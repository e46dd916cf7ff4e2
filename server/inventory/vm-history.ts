import type { HostEvent, VmChange } from '#server/hypervisor/host-event.ts'

/** A line of a VM's history. */
export interface EventRow {
  /** The VM's, of the hypervisor */
  uuid: string
  kind: string
  detail: string
  at: Date
}

const kinds: Partial<Record<VmChange, string>> = {
  defined: 'defined',
  started: 'started',
  stopped: 'stopped',
  crashed: 'crashed',
  paused: 'suspended',
  resumed: 'resumed',
  rebooted: 'rebooted',
  'migrated-here': 'migrated',
  'device-added': 'changed',
  'device-removed': 'changed',
  watchdog: 'watchdog',
  'disk-error': 'disk-error',
}
const details: Partial<Record<VmChange, (detail: string) => string>> = {
  'device-added': (alias) => `device ${alias} added`,
  'device-removed': (alias) => `device ${alias} removed`,
}

/** A guest's reset gives several reboot events. */
const rebootQuietMs = 2000
/** A start first resumes the guest that was made ready. */
const startQuietMs = 1000
const keptMs = 60_000

/** Turns events into lines of a VM's history, without the ones that tell the same thing again. */
export class VmHistory {
  readonly #lines = new Map<string, EventRow[]>()
  readonly #rebootedAt = new Map<string, number>()

  note(event: HostEvent, at = new Date()): void {
    if (event.kind !== 'vm-changed') return
    const { vm: uuid, change, detail } = event
    const kind = kinds[change]
    if (!kind) return
    if (change === 'rebooted') {
      const before = this.#rebootedAt.get(uuid) ?? 0
      this.#rebootedAt.set(uuid, at.getTime())
      if (at.getTime() - before < rebootQuietMs) return
    }
    if (change === 'stopped' || change === 'crashed') this.#rebootedAt.delete(uuid)
    const lines = this.#lines.get(uuid) ?? []
    if (change === 'started' || change === 'migrated-here') dropLatest(lines, 'resumed', at)
    lines.push({ uuid, kind, detail: details[change]?.(detail) ?? detail, at })
    this.#lines.set(uuid, lines)
  }

  /** Lines that were taken and could not be written; what is too old to be of a VM on its way here is dropped. */
  putBack(taken: readonly EventRow[], at = new Date()): void {
    for (const line of taken) {
      if (at.getTime() - line.at.getTime() > keptMs) continue
      const lines = this.#lines.get(line.uuid) ?? []
      lines.push(line)
      this.#lines.set(
        line.uuid,
        lines.toSorted((a, b) => a.at.getTime() - b.at.getTime()),
      )
    }
  }

  has(uuid: string): boolean {
    return this.#lines.has(uuid)
  }

  /** The lines of these VMs that were not taken yet. */
  take(uuids: Iterable<string>): EventRow[] {
    const taken: EventRow[] = []
    for (const uuid of uuids) {
      taken.push(...(this.#lines.get(uuid) ?? []))
      this.#lines.delete(uuid)
    }
    return taken
  }
}

function dropLatest(lines: EventRow[], kind: string, at: Date): void {
  const index = lines.findLastIndex((line) => line.kind === kind && at.getTime() - line.at.getTime() < startQuietMs)
  if (index >= 0) lines.splice(index, 1)
}
