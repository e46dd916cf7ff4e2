import { type ErrorCode, SkerryError, unavailable } from '../../errors.ts'
import { CallInterrupted, errorCode, LibvirtError, ProtocolError, TransportError } from '../../libvirt/error.ts'
import { OutcomeUnknown } from '../driver.ts'
import { explainConnection } from './connection-error.ts'
import { XmlError } from './xml/tree.ts'

/** What was being done, for messages: "Could not <step> on <label>: …". */
export interface Step {
  label: string
  step: string
  /** It changes something: without an answer its outcome is unknown. */
  change: boolean
}

const kinds: Record<number, { code: ErrorCode; wayOut: string }> = {}
const kind = (code: ErrorCode, wayOut: string, ...codes: number[]) => {
  for (const each of codes) kinds[each] = { code, wayOut }
}

kind(
  'not-found',
  'It may have been removed or moved meanwhile: look again.',
  errorCode.noDomain,
  errorCode.noNetwork,
  errorCode.noStoragePool,
  errorCode.noStorageVolume,
  errorCode.noNodeDevice,
  errorCode.noSnapshot,
  errorCode.noCheckpoint,
)
kind(
  'invalid',
  'Correct what the hypervisor names and try again.',
  errorCode.xmlError,
  errorCode.xmlDetail,
  errorCode.xmlInvalidSchema,
  errorCode.invalidArgument,
  errorCode.configUnsupported,
)
kind(
  'conflict',
  'Something of this name exists already: choose another name, or remove it first.',
  errorCode.domainExists,
  errorCode.networkExists,
  errorCode.storageVolumeExists,
)
kind('conflict', 'Check the state of the VM, then try again.', errorCode.operationInvalid, errorCode.operationFailed)
kind(
  'conflict',
  'Something else works on it at this moment: wait for its end, then try again.',
  errorCode.resourceBusy,
  errorCode.blockCopyActive,
  errorCode.operationTimeout,
)
kind('conflict', 'Use shared storage with cache mode none, or let the disks be copied.', errorCode.migrateUnsafe)
kind('conflict', 'Choose a host whose CPU offers what the VM uses.', errorCode.cpuIncompatible)
kind('conflict', 'It was cancelled; nothing else needs to be done.', errorCode.operationAborted)
kind(
  'unsupported',
  'This host, or its version of libvirt or QEMU, can not do it.',
  errorCode.noSupport,
  errorCode.argumentUnsupported,
  errorCode.operationUnsupported,
)
kind(
  'forbidden',
  "Let libvirt's access rules on the host allow it for Skerry.",
  errorCode.operationDenied,
  errorCode.accessDenied,
  errorCode.authFailed,
)
kind(
  'unavailable',
  'Check that the guest agent runs in the VM, or use the way without it.',
  errorCode.agentUnresponsive,
  errorCode.agentCommandTimeout,
  errorCode.agentCommandFailed,
  errorCode.agentUnsynced,
)

const wayOutOtherwise = "Look into libvirt's log and the VM's log on the host (/var/log/libvirt)."

/** The error of a step in our words; the hypervisor's own text stays readable in it and the error is the cause. */
export function explain(error: unknown, { label, step, change }: Step): Error {
  if (error instanceof SkerryError || error instanceof OutcomeUnknown) return error
  if (error instanceof LibvirtError) {
    const known = error.isUnknownProcedure ? kinds[errorCode.noSupport] : kinds[error.code]
    return new SkerryError(known?.code ?? 'unavailable', `Could not ${step} on ${label}: ${error.message}.`, {
      wayOut: known?.wayOut ?? wayOutOtherwise,
      cause: error,
    })
  }
  if (error instanceof CallInterrupted) {
    if (error.sent && change) {
      return new OutcomeUnknown(`It is not known whether ${label} did this: ${step}. ${error.message}.`, {
        cause: error,
      })
    }
    return unavailable(`Could not ${step} on ${label}: ${error.message}.`, {
      wayOut: 'Check that the host is reachable, then try again.',
      cause: error,
    })
  }
  if (error instanceof TransportError) return explainConnection(error, label)
  if (error instanceof XmlError || error instanceof ProtocolError) {
    return new SkerryError('internal', `Could not ${step} on ${label}: its answer can not be read.`, { cause: error })
  }
  return error instanceof Error ? error : new Error(String(error))
}

/** Whether libvirt refused with one of these codes, also when the error was explained already. */
export function refusedWith(error: unknown, ...codes: number[]): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof LibvirtError) return codes.includes(at.code)
  }
  return false
}
