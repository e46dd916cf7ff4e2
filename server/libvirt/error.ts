/** libvirt's error codes on which a caller may branch. The text of an error is for people only. */
export const errorCode = {
  internalError: 1,
  noSupport: 3,
  invalidArgument: 8,
  operationFailed: 9,
  xmlError: 27,
  domainExists: 28,
  operationDenied: 29,
  xmlDetail: 35,
  networkExists: 37,
  systemError: 38,
  rpc: 39,
  noDomain: 42,
  noNetwork: 43,
  authFailed: 45,
  noStoragePool: 49,
  noStorageVolume: 50,
  noNodeDevice: 53,
  operationInvalid: 55,
  noSecret: 66,
  configUnsupported: 67,
  operationTimeout: 68,
  noSnapshot: 72,
  invalidStream: 73,
  argumentUnsupported: 74,
  operationAborted: 78,
  authCancelled: 79,
  noMetadata: 80,
  migrateUnsafe: 81,
  blockCopyActive: 83,
  operationUnsupported: 84,
  agentUnresponsive: 86,
  resourceBusy: 87,
  accessDenied: 88,
  storageVolumeExists: 90,
  cpuIncompatible: 91,
  xmlInvalidSchema: 92,
  migrateFinishedOk: 93,
  authUnavailable: 94,
  agentUnsynced: 97,
  deviceMissing: 99,
  noCheckpoint: 103,
  noBackup: 104,
  checkpointInconsistent: 109,
  agentCommandTimeout: 112,
  agentCommandFailed: 113,
} as const

/** The parts of libvirt that raise errors, as far as we look at them. */
export const errorDomain = {
  domain: 6,
  rpc: 7,
  qemu: 10,
  test: 12,
  remote: 13,
  storage: 18,
  network: 19,
  domainConfig: 20,
  nodeDevice: 22,
  secret: 30,
  snapshot: 35,
  stream: 38,
  event: 40,
  auth: 46,
  polkit: 60,
  checkpoint: 69,
} as const

/** The daemon answered a call with an error: the call certainly did not succeed. */
export class LibvirtError extends Error {
  override name = 'LibvirtError'
  readonly code: number
  readonly domain: number
  /** 1 is a warning, 2 an error. */
  readonly level: number
  /** The call that failed, or undefined when the daemon reports it outside any call. */
  readonly procedure: string | undefined

  constructor(fields: {
    code: number
    domain: number
    level: number
    message: string
    procedure?: string | undefined
  }) {
    super(fields.message)
    this.code = fields.code
    this.domain = fields.domain
    this.level = fields.level
    this.procedure = fields.procedure
  }

  /** The daemon is too old to know this procedure, or (the same code) could not read its arguments. */
  get isUnknownProcedure(): boolean {
    return this.code === errorCode.rpc && this.domain === errorDomain.rpc
  }
}

/**
 * A call ended without an answer. When `sent` is true the daemon may have done it, may be doing it or may never have
 * seen it: read the state again before doing anything else. When false it certainly was not begun.
 */
export abstract class CallInterrupted extends Error {
  readonly sent: boolean
  readonly procedure: string | undefined

  constructor(message: string, sent: boolean, procedure?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.sent = sent
    this.procedure = procedure
  }
}

export class ConnectionLost extends CallInterrupted {
  override name = 'ConnectionLost'
}

export class CallTimeout extends CallInterrupted {
  override name = 'CallTimeout'
}

export class CallAborted extends CallInterrupted {
  override name = 'CallAborted'
}

/** The daemon answered with bytes that the protocol description does not explain. */
export class ProtocolError extends Error {
  override name = 'ProtocolError'
}

export type TransportFailure =
  | 'invalid-address'
  | 'unreachable'
  | 'timeout'
  | 'aborted'
  | 'socket-missing'
  | 'socket-forbidden'
  | 'server-certificate'
  | 'client-certificate'
  | 'host-key'
  | 'ssh-authentication'
  | 'ssh-missing'
  | 'forwarding-forbidden'
  | 'port-taken'
  | 'authentication'
  | 'closed'

/** No connection could be made; `reason` says what a person has to mend. */
export class TransportError extends Error {
  override name = 'TransportError'
  readonly reason: TransportFailure

  constructor(reason: TransportFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.reason = reason
  }
}
