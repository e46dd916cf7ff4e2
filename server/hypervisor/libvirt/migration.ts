import { errorCode } from '../../libvirt/error.ts'
import type { CallOptions, HypervisorHost } from '../driver.ts'
import type { JobReading } from '../host-event.ts'
import type { MigrationPlan } from '../migration-plan.ts'
import { lifeOf } from './definition.ts'
import { refusedWith } from './errors.ts'
import { readJobParams } from './job.ts'
import type { Session } from './session.ts'
import { inPostCopy } from './state.ts'
import { numberIn, statsGroup } from './stats.ts'

type MigrationVerbs = Pick<
  HypervisorHost,
  | 'migrate'
  | 'readJob'
  | 'readCompletedJob'
  | 'abortJob'
  | 'switchToPostCopy'
  | 'setMigrationLimits'
  | 'measureDirtyRate'
>

const migrateFlag = {
  live: 1,
  peerToPeer: 2,
  persistDestination: 8,
  undefineSource: 16,
  copyDisks: 64,
  unsafe: 512,
  offline: 1024,
  autoConverge: 8192,
  postCopy: 32768,
  tls: 65536,
  synchronousWrites: 1 << 18,
} as const
const jobFlag = { completed: 1, keepCompleted: 2 } as const
const noJob: JobReading = readJobParams(0, {})
const mebibyte = 1024 * 1024
const dirtyRateMeasured = 2

const mebibytesPerSecond = (bytes: number) => BigInt(Math.max(1, Math.round(bytes / mebibyte)))
const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function flagsOf(plan: MigrationPlan, { active, paused }: { active: boolean; paused: boolean }): number {
  const always = migrateFlag.peerToPeer | migrateFlag.persistDestination | migrateFlag.undefineSource
  if (!active) return always | migrateFlag.offline
  return (
    always |
    (plan.live ? migrateFlag.live : 0) |
    (plan.copyDisks.length > 0 ? migrateFlag.copyDisks : 0) |
    // libvirt knows network file systems alone as shared; QEMU drops its caches at the hand-over in any case.
    (plan.sharedStorage ? migrateFlag.unsafe : 0) |
    (plan.tls ? migrateFlag.tls : 0) |
    // Memory that stands still needs none, and libvirt refuses it.
    (plan.postCopy && !paused ? migrateFlag.postCopy : 0) |
    (plan.autoConverge ? migrateFlag.autoConverge : 0) |
    (plan.copyDisks.length > 0 && plan.synchronousWrites ? migrateFlag.synchronousWrites : 0)
  )
}

/** Moving VMs between hosts, and the jobs of VMs. */
export function migrationVerbs(session: Session): MigrationVerbs {
  async function job(vm: string, flags: number, options: CallOptions): Promise<JobReading> {
    try {
      const args = { domain: { uuid: vm }, flags }
      const { type, params } = await session.read("read a VM's job", 'domainGetJobStats', args, options)
      return type === 0 ? noJob : readJobParams(type, params)
    } catch (error) {
      if (refusedWith(error, errorCode.operationInvalid, errorCode.noDomain)) return noJob
      throw error
    }
  }

  async function isPostCopy(vm: string, options: CallOptions): Promise<boolean> {
    try {
      const { state, reason } = await session.read('read a VM', 'domainGetState', { domain: { uuid: vm } }, options)
      return inPostCopy(state, reason)
    } catch (error) {
      if (refusedWith(error, errorCode.noDomain)) return false
      throw error
    }
  }

  async function setLimits(
    vm: string,
    limits: { bandwidthBytesPerSecond?: number | undefined; maxDowntimeMs?: number | undefined },
    options: CallOptions,
  ) {
    const domain = { uuid: vm }
    const { bandwidthBytesPerSecond: bandwidth, maxDowntimeMs } = limits
    if (bandwidth !== undefined) {
      const args = { domain, bandwidth: mebibytesPerSecond(bandwidth) }
      await session.change("limit a migration's bandwidth", 'domainMigrateSetMaxSpeed', args, options)
    }
    if (maxDowntimeMs !== undefined) {
      const args = { domain, downtimeMs: BigInt(maxDowntimeMs) }
      await session.change("limit a migration's downtime", 'domainMigrateSetMaxDowntime', args, options)
    }
  }

  /** Only a running migration takes this limit: tries until it does, or `ended` says that there is none any more. */
  async function limitDowntime(vm: string, maxDowntimeMs: number, ended: () => boolean, options: CallOptions) {
    while (!ended()) {
      try {
        await setLimits(vm, { maxDowntimeMs }, options)
        return
      } catch (error) {
        if (!refusedWith(error, errorCode.operationInvalid)) throw error
      }
      await delay(100)
    }
  }

  return {
    async migrate(vm, plan, options = {}) {
      const step = 'move a VM'
      const life = await lifeOf(session, vm, step, options)
      const { active } = life
      const args = {
        domain: { uuid: vm },
        destinationUri: plan.destinationUri,
        flags: flagsOf(plan, life),
        params: {
          migrate_uri: active ? plan.listenUri : undefined,
          destination_xml: plan.destinationXml,
          persistent_xml: plan.persistentXml,
          migrate_disks: active && plan.copyDisks.length > 0 ? plan.copyDisks : undefined,
          bandwidth: plan.bandwidthBytesPerSecond ? mebibytesPerSecond(plan.bandwidthBytesPerSecond) : undefined,
        },
      }
      let ended = false
      const moving = session.long(step, 'domainMigratePerform3Params', args, options).finally(() => {
        ended = true
      })
      const { maxDowntimeMs } = plan
      const limiting =
        maxDowntimeMs && active ? limitDowntime(vm, maxDowntimeMs, () => ended, {}).catch(() => {}) : null
      await moving
      await limiting
    },

    async readJob(vm, options = {}) {
      const reading = await job(vm, 0, options)
      const moves = reading.kind === 'migration-out' || reading.kind === 'migration-in'
      return moves ? { ...reading, postCopy: await isPostCopy(vm, options) } : reading
    },

    async readCompletedJob(vm, options = {}) {
      const reading = await job(vm, jobFlag.completed | jobFlag.keepCompleted, options)
      return reading.kind === 'none' ? null : reading
    },

    async abortJob(vm, options = {}) {
      try {
        const limits = { ...options, urgent: true }
        await session.change("cancel a VM's job", 'domainAbortJob', { domain: { uuid: vm } }, limits)
      } catch (error) {
        if ((await job(vm, 0, options)).kind !== 'none') throw error
      }
    },

    async switchToPostCopy(vm, options = {}) {
      const limits = { ...options, urgent: true }
      await session.change('switch to post-copy', 'domainMigrateStartPostCopy', { domain: { uuid: vm } }, limits)
    },

    setMigrationLimits: (vm, limits, options = {}) => setLimits(vm, limits, options),

    async measureDirtyRate(vm, measureMs, options = {}) {
      const step = 'measure how fast a VM changes its memory'
      const domain = { uuid: vm }
      const seconds = Math.min(60, Math.max(1, Math.round(measureMs / 1000)))
      await session.change(step, 'domainStartDirtyRateCalc', { domain, seconds }, options)
      const deadline = performance.now() + seconds * 1000 + 5000
      for (;;) {
        await delay(200)
        const args = { domains: [domain], stats: statsGroup.dirtyRate }
        const { records } = await session.read(step, 'connectGetAllDomainStats', args, options)
        const params = records[0]?.params ?? {}
        if (numberIn(params, 'dirtyrate.calc_status') === dirtyRateMeasured) {
          const bytesPerSecond = numberIn(params, 'dirtyrate.megabytes_per_second') * mebibyte
          return { bytesPerSecond, measuredMs: numberIn(params, 'dirtyrate.calc_period') * 1000 }
        }
        if (performance.now() > deadline) {
          throw session.refuse('unavailable', step, 'the measurement did not end', 'Try again.')
        }
      }
    },
  }
}
