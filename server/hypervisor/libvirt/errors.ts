import { type ErrorCode, SkerryError, unavailable } from '../../errors.ts'
import { CallInterrupted, errorCode, LibvirtError, ProtocolError, TransportError } from '../../libvirt/error.ts'
import { OutcomeUnknown } from '../driver.ts'
import { explainConnection } from './connection-error.ts'
import { XmlError } from './xml/tree.ts'

/** What was being done, for messages that everybody may read: "Could not <step> on <label>: …". */
export interface Step {
  /** The host's name, never its address */
  label: string
  step: string
  /** It changes something: without an answer its outcome is unknown. */
  change: boolean
}

interface Kind {
  code: ErrorCode
  /** Completes "Could not …: " */
  why: string
  wayOut: string
}

const kinds: Record<number, Kind> = {}
const kind = (code: ErrorCode, why: string, wayOut: string, ...codes: number[]) => {
  for (const each of codes) kinds[each] = { code, why, wayOut }
}

kind(
  'not-found',
  'it is not there',
  'It may have been removed or moved meanwhile: look again.',
  errorCode.noDomain,
  errorCode.noNetwork,
  errorCode.noStoragePool,
  errorCode.noStorageVolume,
  errorCode.noNodeDevice,
  errorCode.noSnapshot,
  errorCode.noCheckpoint,
  errorCode.noBackup,
  errorCode.deviceMissing,
)
kind(
  'invalid',
  'the hypervisor does not take what was asked for',
  'Correct it and try again; an operator can read what the hypervisor says.',
  errorCode.xmlError,
  errorCode.xmlDetail,
  errorCode.xmlInvalidSchema,
  errorCode.invalidArgument,
  errorCode.configUnsupported,
)
kind(
  'conflict',
  'there is one of this name already',
  'Choose another name, or remove the other one first.',
  errorCode.domainExists,
  errorCode.networkExists,
  errorCode.storageVolumeExists,
)
kind(
  'conflict',
  'the state it is in does not allow it',
  'Check the state of the VM, then try again.',
  errorCode.operationInvalid,
)
kind(
  'conflict',
  'the hypervisor could not do it',
  'Check the state of the VM, then try again; an operator can read what the hypervisor says.',
  errorCode.operationFailed,
)
kind(
  'conflict',
  'something else works on it at this moment',
  'Wait for its end, then try again.',
  errorCode.resourceBusy,
  errorCode.blockCopyActive,
  errorCode.operationTimeout,
)
kind(
  'conflict',
  'its disks could be damaged',
  'Use shared storage with cache mode none, or let the disks be copied.',
  errorCode.migrateUnsafe,
)
kind(
  'conflict',
  'the marks of what has changed are broken',
  'Back it up once reading every block.',
  errorCode.checkpointInconsistent,
)
kind(
  'conflict',
  'the CPU there lacks what the VM uses',
  'Choose a host whose CPU offers it.',
  errorCode.cpuIncompatible,
)
kind('conflict', 'it was cancelled', 'Nothing else needs to be done.', errorCode.operationAborted)
kind(
  'unsupported',
  'this host can not do it',
  'Its version of libvirt or QEMU lacks it: choose another host, or have it updated.',
  errorCode.noSupport,
  errorCode.argumentUnsupported,
  errorCode.operationUnsupported,
)
kind(
  'forbidden',
  'the host does not allow it',
  "Let libvirt's access rules on the host allow it for Skerry.",
  errorCode.operationDenied,
  errorCode.accessDenied,
  errorCode.authFailed,
)
kind(
  'unavailable',
  'the guest agent does not answer',
  'Check that the guest agent runs in the VM, or use the way without it.',
  errorCode.agentUnresponsive,
  errorCode.agentCommandTimeout,
  errorCode.agentCommandFailed,
  errorCode.agentUnsynced,
)

const otherwise: Kind = {
  code: 'unavailable',
  why: 'the hypervisor reports an error',
  wayOut: 'Try again; if it goes on, an operator can read what the hypervisor says, and its logs on the host.',
}

/** The error of a step in our words; what the hypervisor said is its detail, and the error is the cause. */
export function explain(error: unknown, { label, step, change }: Step): Error {
  if (error instanceof SkerryError || error instanceof OutcomeUnknown) return error
  if (error instanceof LibvirtError) {
    const known = (error.isUnknownProcedure ? kinds[errorCode.noSupport] : kinds[error.code]) ?? otherwise
    const { code, why, wayOut } = known
    const detail = error.message
    return new SkerryError(code, `Could not ${step} on ${label}: ${why}.`, { wayOut, detail, cause: error })
  }
  if (error instanceof CallInterrupted) {
    if (error.sent && change) {
      return new OutcomeUnknown(`It is not known whether ${label} did this: ${step}.`, { cause: error })
    }
    return unavailable(`Could not ${step} on ${label}: it did not answer.`, {
      wayOut: 'Check that the host is reachable, then try again.',
      detail: error.message,
      cause: error,
    })
  }
  if (error instanceof TransportError) return explainConnection(error, label)
  if (error instanceof XmlError || error instanceof ProtocolError) {
    const detail = error.message
    return new SkerryError('internal', `Could not ${step} on ${label}: its answer can not be read.`, {
      detail,
      cause: error,
    })
  }
  return error instanceof Error ? error : new Error(String(error))
}

/** Whether libvirt refused with one of these codes, also when the error was explained already. */
export function refusedWith(error: unknown, ...codes: number[]): boolean {
  const code = answerIn(error)?.code
  return code !== undefined && codes.includes(code)
}

/** Whether libvirt answered, with whatever error: nothing is wrong with the connection. */
export const isAnswer = (error: unknown): boolean => answerIn(error) !== null

function answerIn(error: unknown): LibvirtError | null {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof LibvirtError) return at
  }
  return null
}
