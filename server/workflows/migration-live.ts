import { GivenUp } from '#server/errors.ts'
import { type HypervisorHost, OutcomeUnknown } from '#server/hypervisor/driver.ts'
import type { JobReading } from '#server/hypervisor/host-event.ts'
import { withDiskSources } from '#server/hypervisor/libvirt/xml/relocate.ts'
import type { MigrateInput } from '#server/schema/vm-action.ts'
import type { StepContext } from './define.ts'
import { type MovePlan, pathsOf } from './migration-plan.ts'
import { readWhereabouts } from './migration-whereabouts.ts'
import { Cancelled, pause, until } from './pause.ts'

type Context = StepContext<MigrateInput, object>

const everyMs = 500
/** A destination that is gone for so long while memory is copied will not come back in time. */
const destinationLostMs = 10_000
/** How long the hosts may take to agree on where the VM is once the call has ended. */
const settleMs = 20_000
const migrateTimeoutMs = 24 * 3600_000
/** Major version of libvirt */
const synchronousWritesSince = 8

/** `last` is the last reading of the job; null when it was over before anyone looked. */
export interface LiveMove {
  postCopy: boolean
  last: JobReading | null
}

/** Moves a running VM, or goes on watching a move that is under way. Resolves when it runs at the destination. */
export async function moveLive(context: Context, plan: MovePlan): Promise<LiveMove> {
  const source = await context.host(plan.sourceHostId)
  const destination = await context.host(plan.destinationHostId)
  const at = await readWhereabouts(source, destination, plan)
  if (at === 'moved') return { postCopy: false, last: null }
  const isSuspended = (await source.readVm(plan.uuid))?.state === 'paused'
  const watch = new Watch(context, plan, source, destination, isSuspended)
  const ended =
    at === 'moving'
      ? watch.untilEnded()
      : settled(source.migrate(plan.uuid, await wireplan(context, plan, source), { timeoutMs: migrateTimeoutMs }))
  const error = await watch.follow(ended)
  return conclude(context, plan, source, destination, watch, error)
}

async function wireplan(context: Context, plan: MovePlan, source: HypervisorHost) {
  const paths = pathsOf(plan)
  const { bandwidthBytesPerSecond } = context.input
  const moved = Object.keys(paths).length > 0
  return {
    destinationUri: plan.destinationUri,
    copyDisks: plan.disks.filter((disk) => disk.mode === 'copied').map((disk) => disk.target),
    sharedStorage: plan.disks.some((disk) => disk.mode === 'shared'),
    tls: plan.tls,
    live: true,
    postCopy: context.input.onSlow === 'post-copy',
    autoConverge: true,
    // Post-copy bounds how long memory takes, this how long disks do. The destination's libvirt is never older.
    synchronousWrites: context.input.onSlow === 'post-copy' && (await hasSynchronousWrites(context, plan)),
    ...(bandwidthBytesPerSecond === null ? {} : { bandwidthBytesPerSecond }),
    ...(moved
      ? {
          destinationXml: withDiskSources(await source.readXml(plan.uuid, { secure: true, migratable: true }), paths),
          persistentXml: withDiskSources(
            await source.readXml(plan.uuid, { secure: true, inactive: true, migratable: true }),
            paths,
          ),
        }
      : {}),
  }
}

async function hasSynchronousWrites({ db }: Context, { sourceHostId }: MovePlan): Promise<boolean> {
  const select = { libvirtVersion: true }
  const { libvirtVersion } = await db.host.findUniqueOrThrow({ where: { id: sourceHostId }, select })
  return Number.parseInt(libvirtVersion ?? '0', 10) >= synchronousWritesSince
}

/** @returns the error the migration ended with, or null */
const settled = (promise: Promise<void>): Promise<Error | null> =>
  promise.then(
    () => null,
    (error: Error) => error,
  )

/** What the error means is read from both hosts, never from the error. */
async function conclude(
  context: Context,
  plan: MovePlan,
  source: HypervisorHost,
  destination: HypervisorHost,
  watch: Watch,
  error: Error | null,
): Promise<LiveMove> {
  context.progress({ phase: 'finishing', remainingMs: null })
  const at =
    (await until(
      async () => {
        const now = await readWhereabouts(source, destination, plan)
        return now !== 'moving' && now
      },
      { timeoutMs: settleMs },
    )) ?? 'moving'
  if (at === 'moved') return { postCopy: watch.postCopy, last: watch.last }
  // The call was lost but the hosts carry on by themselves: run again, which watches.
  if (at === 'moving') throw new OutcomeUnknown('the migration goes on')
  if (context.signal.aborted) throw new Cancelled()
  if (watch.givenUp) throw watch.givenUp
  if (error) throw error
  throw new OutcomeUnknown('the migration ended without a result')
}

const wayOutOfSlow = 'Try again with post-copy, when the VM is less busy, or move it while it is off.'

/** Follows a migration by the source's own job: progress, cancel, and what to do when it does not converge. */
class Watch {
  readonly #context: Context
  readonly #plan: MovePlan
  readonly #source: HypervisorHost
  readonly #destination: HypervisorHost
  readonly #isSuspended: boolean
  #memorySince: number | undefined
  #lostSince: number | undefined
  #least = { bytes: Number.POSITIVE_INFINITY, sinceMs: Date.now() }
  /** Its first reading with figures */
  #begun: { atMs: number; doneBytes: number } | undefined
  postCopy = false
  last: JobReading | null = null
  givenUp: GivenUp | undefined

  constructor(
    context: Context,
    plan: MovePlan,
    source: HypervisorHost,
    destination: HypervisorHost,
    isSuspended: boolean,
  ) {
    this.#context = context
    this.#plan = plan
    this.#source = source
    this.#destination = destination
    this.#isSuspended = isSuspended
  }

  /** For a migration that another process began: ends when the source has no such job any more. */
  async untilEnded(): Promise<null> {
    while (true) {
      const job = await this.#source.readJob(this.#plan.uuid, { timeoutMs: 10_000 })
      if (job.kind !== 'migration-out' || job.state !== 'running') return null
      await pause(everyMs)
    }
  }

  async follow(ended: Promise<Error | null>): Promise<Error | null> {
    let result: { error: Error | null } | undefined
    const noted = ended.then(
      (error) => {
        result = { error }
      },
      (error: Error) => {
        result = { error }
      },
    )
    this.#context.progress({ phase: 'preparing' })
    while (!result) {
      await Promise.race([noted, pause(everyMs)])
      if (!result) await this.#look()
    }
    return (result as { error: Error | null }).error
  }

  async #look(): Promise<void> {
    const job = await this.#source.readJob(this.#plan.uuid, { timeoutMs: 5_000 }).catch(() => null)
    if (job?.kind !== 'migration-out') return
    this.postCopy ||= job.postCopy
    this.last = job
    this.#report(job)
    // After the switch the guest runs at the destination: there is no way back any more.
    if (this.postCopy) return
    if (this.#context.signal.aborted) return this.#abort()
    if (this.#isDestinationLost()) return this.#giveUp(`${this.#plan.destinationName} stopped answering.`)
    await this.#decide(job)
  }

  async #decide(job: JobReading): Promise<void> {
    // Nothing changes that would have to be copied again, however slow it goes.
    if (this.#isSuspended) return
    const { onSlow, patienceMs } = this.#context.input
    if (job.iteration < 1) {
      if (onSlow === 'give-up' && this.#diskStandsStill(job.diskRemainingBytes, patienceMs)) {
        await this.#giveUp('The guest writes to its disk faster than it can be copied, so it stays where it is.')
      }
      return
    }
    this.#memorySince ??= Date.now()
    if (Date.now() - this.#memorySince < patienceMs || onSlow === 'keep-trying') return
    if (onSlow === 'give-up') {
      await this.#giveUp('The guest changes its memory faster than it can be copied, so it stays where it is.')
      return
    }
    this.#context.progress({ phase: 'switching over' })
    await this.#source.switchToPostCopy(this.#plan.uuid, { timeoutMs: 10_000 }).then(
      () => {
        this.postCopy = true
      },
      (err: Error) => this.#context.log.warn({ err }, 'post-copy could not be switched on, trying again'),
    )
  }

  /** Whether for so long there was never less left to copy than before. */
  #diskStandsStill(remainingBytes: number, patienceMs: number): boolean {
    if (remainingBytes === 0 || remainingBytes < this.#least.bytes) {
      this.#least = { bytes: remainingBytes || Number.POSITIVE_INFINITY, sinceMs: Date.now() }
    }
    return Date.now() - this.#least.sinceMs > patienceMs
  }

  async #giveUp(reason: string): Promise<void> {
    this.givenUp = new GivenUp('unavailable', reason, { wayOut: wayOutOfSlow })
    await this.#abort()
  }

  async #abort(): Promise<void> {
    this.#context.progress({ phase: 'stopping', ratePerSecond: null, remainingMs: null })
    // It may have ended in this very moment; what counts is what both hosts say afterwards.
    await this.#source
      .abortJob(this.#plan.uuid, { timeoutMs: 10_000 })
      .catch((err: Error) => this.#context.log.info({ err }, 'abort of the migration'))
  }

  #isDestinationLost(): boolean {
    if (this.#destination.connection().state === 'connected') this.#lostSince = undefined
    else this.#lostSince ??= Date.now()
    return this.#lostSince !== undefined && Date.now() - this.#lostSince > destinationLostMs
  }

  #report(job: JobReading): void {
    const rate = this.#rateOf(job)
    this.#context.progress({
      phase: phaseOf(job, this.postCopy),
      done: job.doneBytes,
      total: job.totalBytes,
      unit: 'bytes',
      ratePerSecond: rate,
      remainingMs: rate === null ? null : (job.remainingBytes / rate) * 1000,
    })
  }

  /** libvirt tells how fast memory goes, but not disks: those as fast as they went since it began to tell of them. */
  #rateOf({ bytesPerSecond, totalBytes, doneBytes }: JobReading): number | null {
    if (bytesPerSecond > 0) return bytesPerSecond
    if (totalBytes === 0) return null
    this.#begun ??= { atMs: Date.now(), doneBytes }
    const seconds = (Date.now() - this.#begun.atMs) / 1000
    const bytes = doneBytes - this.#begun.doneBytes
    return bytes > 0 && seconds > 0 ? bytes / seconds : null
  }
}

function phaseOf(job: JobReading, postCopy: boolean): string {
  if (job.state !== 'running') return 'finishing'
  if (postCopy) return 'fetching memory (post-copy)'
  if (job.totalBytes === 0) return 'preparing'
  if (job.diskRemainingBytes > 0) return 'copying disks'
  if (job.memoryRemainingBytes === 0 && job.iteration > 0) return 'switching over'
  return `copying memory (iteration ${Math.max(1, job.iteration)})`
}
