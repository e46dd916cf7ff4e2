import { asSkerryError } from '../../errors.ts'
import { errorCode } from '../../libvirt/error.ts'
import {
  backupFlag,
  checkpointCreateFlag,
  checkpointListFlag,
  checkpointXmlFlag,
  jobStatsFlag,
  snapshotDeleteFlag,
} from '../../libvirt/flag.ts'
import { jobType } from '../../libvirt/value.ts'
import type { BackupExports, BackupPlan } from '../backup-plan.ts'
import { type CallOptions, type HypervisorHost, OutcomeUnknown } from '../driver.ts'
import { type Scratch, scratchFiles } from './backup-scratch.ts'
import { refusedWith } from './errors.ts'
import { frozen } from './freeze.ts'
import { beginAt, placesToListen } from './listen.ts'
import { listed } from './listing.ts'
import type { Session } from './session.ts'
import { buildBackupXml, readBackupXml } from './xml/backup.ts'
import { buildCheckpointXml, readCheckpointXml, readMarkedSizes } from './xml/checkpoint.ts'

type BackupVerbs = Pick<
  HypervisorHost,
  | 'beginBackup'
  | 'readBackup'
  | 'endBackup'
  | 'listCheckpoints'
  | 'changedSince'
  | 'importCheckpoints'
  | 'deleteCheckpoint'
>

const ports = { first: 61_100, last: 61_999 }
const backupOperation = 9
/** The guest stands still for the instant; a delete joins the marks of two checkpoints. */
const longMs = 60_000
/** An agent that connects meanwhile has libvirt wait 30 s before it sees that a backup has ended. */
const endMs = 45_000
const endPollMs = 50
/** How many looks pass until a backup is told again to end. */
const abortEvery = 40

/** So QEMU deletes no checkpoint whose marks went with a disk; there is no code of its own for it. */
const isOfLostMarks = (error: unknown) =>
  refusedWith(error, errorCode.internalError) && /bitmap .* not found/.test(asSkerryError(error).detail ?? '')

/** Reading the disks of running VMs as they were at an instant, and what changed between two. */
export function backupVerbs(session: Session): BackupVerbs {
  const scratch = scratchFiles(session)

  async function begin(
    vm: string,
    plan: BackupPlan,
    { files, address }: { files: readonly Scratch[]; address: BackupExports['address'] },
    options: CallOptions,
  ) {
    const { since, checkpoint } = plan
    const backupXml = buildBackupXml({ since, address, disks: files })
    const marks = files.map(({ target, path }) => ({ target, marked: path !== null }))
    const checkpointXml = checkpoint ? buildCheckpointXml({ name: checkpoint, disks: marks }) : null
    const flags = files.some(({ pool }) => pool !== null) ? backupFlag.reuseExternal : 0
    const args = { domain: { uuid: vm }, backupXml, checkpointXml, flags }
    const limits = { timeoutMs: longMs, ...options }
    const start = () =>
      session.long('begin a backup', 'domainBackupBegin', args, limits).catch((error: unknown) => {
        // So libvirt refuses to write over what is there: left over where no pool lets us see it.
        if (flags !== 0 || !refusedWith(error, errorCode.invalidArgument)) throw error
        const paths = files.flatMap(({ path }) => path ?? []).join(', ')
        const why = 'a file is in the way that an earlier backup left where no storage pool is active'
        throw session.refuse('conflict', 'begin a backup', why, `Look on the host for ${paths}, and delete it.`)
      })
    if (plan.quiesce) {
      const { freeze } = await frozen(session, vm, start, options)
      return { ...readBackupXml(backupXml), freeze }
    }
    await start()
    return { ...readBackupXml(backupXml), freeze: null }
  }

  /** libvirt itself would wait half a minute for the other job to end. */
  async function refuseWhileBusy(vm: string, options: CallOptions) {
    const { type } = await session.read('begin a backup', 'domainGetJobStats', { domain: { uuid: vm } }, options)
    if (type === jobType.none) return
    const why = 'a backup, a move or another job of the VM goes on'
    throw session.refuse('conflict', 'begin a backup', why, 'Wait for its end, or cancel it, then try again.')
  }

  async function backupXml(vm: string, options: CallOptions): Promise<string | null> {
    try {
      const args = { domain: { uuid: vm }, flags: 0 }
      return (await session.read('read a backup', 'domainBackupGetXmlDesc', args, options)).xml
    } catch (error) {
      if (refusedWith(error, errorCode.noBackup, errorCode.operationInvalid)) return null
      throw error
    }
  }

  async function clearScratch(vm: string, options: CallOptions) {
    try {
      // Else they are that backup's.
      if ((await backupXml(vm, options)) === null) await scratch.clear(vm, options)
    } catch {
      // What can't be deleted now the next backup does. It must not keep this one from its end.
    }
  }

  const checkpointNames = async (vm: string, options: CallOptions): Promise<string[]> => {
    const args = { domain: { uuid: vm }, flags: checkpointListFlag.topological }
    const list = () => session.read('list checkpoints', 'domainListAllCheckpoints', args, options)
    return (await listed(list)).checkpoints.map(({ name }) => name)
  }

  return {
    async beginBackup(vm, plan, options = {}) {
      const find = async () =>
        (await session.read('begin a backup', 'domainLookupByUuid', { uuid: vm }, options)).domain
      await refuseWhileBusy(vm, options)
      try {
        const files = await scratch.make(vm, plan.disks, options)
        return await beginAt(
          await placesToListen(plan.listen, find, ports),
          (address) => begin(vm, plan, { files, address }, options),
          // QEMU's own refusals, of which a port in use is one, all have this code.
          (error) => refusedWith(error, errorCode.internalError),
        )
      } catch (error) {
        // Else it may begin yet.
        if (!(error instanceof OutcomeUnknown)) await clearScratch(vm, options)
        throw error
      }
    },

    async readBackup(vm, options = {}) {
      const xml = await backupXml(vm, options)
      return xml === null ? null : readBackupXml(xml)
    },

    async endBackup(vm, options = {}) {
      await endExports(vm, options)
      await clearScratch(vm, options)
    },

    async listCheckpoints(vm, options = {}) {
      const found = []
      for (const name of await checkpointNames(vm, options)) {
        const args = { checkpoint: { name, domain: { uuid: vm } }, flags: 0 }
        const { xml } = await session.read('read a checkpoint', 'domainCheckpointGetXmlDesc', args, options)
        found.push(readCheckpointXml(xml))
      }
      return found
    },

    async changedSince(vm, name, options = {}) {
      const flags = checkpointXmlFlag.noDomain | checkpointXmlFlag.size
      const args = { checkpoint: { name, domain: { uuid: vm } }, flags }
      try {
        const { xml } = await session.slowRead('read a checkpoint', 'domainCheckpointGetXmlDesc', args, options)
        return readMarkedSizes(xml)
      } catch (error) {
        // Marks can be asked of a running QEMU alone, which has none of them where they are lost or broken.
        const none = [
          errorCode.noCheckpoint,
          errorCode.operationInvalid,
          errorCode.internalError,
          errorCode.checkpointInconsistent,
        ]
        if (refusedWith(error, ...none)) return null
        throw error
      }
    },

    async importCheckpoints(vm, checkpoints, options = {}) {
      const known = new Set(await checkpointNames(vm, options))
      for (const { name, xml } of checkpoints) {
        if (known.has(name)) continue
        const args = { domain: { uuid: vm }, xml, flags: checkpointCreateFlag.redefine }
        await session.change(`take up the checkpoint ${name}`, 'domainCheckpointCreateXml', args, options)
      }
    },

    async deleteCheckpoint(vm, name, { metadataOnly = false, ...options } = {}) {
      const checkpoint = { name, domain: { uuid: vm } }
      const forget = (flags: number) =>
        session.long(
          `delete the checkpoint ${name}`,
          'domainCheckpointDelete',
          { checkpoint, flags },
          {
            timeoutMs: longMs,
            ...options,
          },
        )
      try {
        await forget(metadataOnly ? snapshotDeleteFlag.metadataOnly : 0).catch((error: unknown) => {
          if (!isOfLostMarks(error)) throw error
          return forget(snapshotDeleteFlag.metadataOnly)
        })
      } catch (error) {
        if (!refusedWith(error, errorCode.noCheckpoint)) throw error
      }
    },
  }

  async function endExports(vm: string, options: CallOptions) {
    const domain = { uuid: vm }
    if ((await backupXml(vm, options)) === null) return
    const { params } = await session.read("read a VM's job", 'domainGetJobStats', { domain }, options)
    if (params.operation !== backupOperation) return
    await abortUntilEnded(vm, options)
    // Else a later question about the VM's last job would be answered with this one.
    const forget = { domain, flags: jobStatsFlag.completed }
    await session.read("read a VM's job", 'domainGetJobStats', forget, options).catch(() => {})
  }

  /** An aborted backup takes its exports down a moment later; one that just begins can't be aborted yet. */
  async function abortUntilEnded(vm: string, options: CallOptions) {
    const limits = { ...options, urgent: true }
    const deadline = performance.now() + endMs
    for (let attempt = 0; ; attempt++) {
      if (attempt % abortEvery === 0) {
        try {
          await session.change('end a backup', 'domainAbortJob', { domain: { uuid: vm } }, limits)
        } catch (error) {
          if (!refusedWith(error, errorCode.operationInvalid)) throw error
        }
      }
      if ((await backupXml(vm, options)) === null) return
      if (performance.now() > deadline) {
        throw session.refuse('unavailable', 'end a backup', 'it was told to end and has not', 'Try again in a moment.')
      }
      await new Promise((resolve) => setTimeout(resolve, endPollMs))
    }
  }
}
