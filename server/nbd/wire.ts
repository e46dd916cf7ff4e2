/** The numbers of the protocol, by what they say. */

export const greetingMagic = 0x4e42444d41474943n
export const optionMagic = 0x49484156454f5054n
export const optionReplyMagic = 0x0003e889045565a9n
export const requestMagic = 0x25609513
export const simpleReplyMagic = 0x67446698
export const chunkMagic = 0x668e33ef

export const handshakeFlag = { fixedNewstyle: 1, noZeroes: 2 } as const

export const option = {
  exportName: 1,
  abort: 2,
  list: 3,
  startTls: 5,
  info: 6,
  go: 7,
  structuredReply: 8,
  listMetaContext: 9,
  setMetaContext: 10,
} as const

const failure = 2 ** 31
export const optionReply = {
  ack: 1,
  server: 2,
  info: 3,
  metaContext: 4,
  unsupported: failure + 1,
  policy: failure + 2,
  invalid: failure + 3,
  platform: failure + 4,
  tlsRequired: failure + 5,
  unknown: failure + 6,
  shutdown: failure + 7,
  blockSizeRequired: failure + 8,
  tooBig: failure + 9,
} as const
export const isFailure = (replyType: number) => replyType >= failure

export const info = { export: 0, name: 1, description: 2, blockSize: 3 } as const

export const exportFlag = {
  hasFlags: 1,
  readOnly: 2,
  flush: 4,
  fua: 8,
  rotational: 16,
  trim: 32,
  writeZeroes: 64,
  dontFragment: 128,
  multiConn: 256,
  cache: 1024,
  fastZero: 2048,
} as const

export const command = {
  read: 0,
  write: 1,
  disconnect: 2,
  flush: 3,
  trim: 4,
  cache: 5,
  writeZeroes: 6,
  blockStatus: 7,
} as const
export const commandFlag = { fua: 1, noHole: 2, dontFragment: 4, requestOne: 8, fastZero: 16 } as const

export const chunk = {
  none: 0,
  data: 1,
  hole: 2,
  blockStatus: 5,
  error: 32769,
  errorAtOffset: 32770,
} as const
export const chunkFlag = { done: 1 } as const
export const isErrorChunk = (type: number) => type >= 2 ** 15

export const errno = {
  permission: 1,
  io: 5,
  noMemory: 12,
  invalid: 22,
  noSpace: 28,
  overflow: 75,
  unsupported: 95,
  shutdown: 108,
} as const

/** What `base:allocation` says of a stretch. */
export const allocationFlag = { hole: 1, zero: 2 } as const
/** What `qemu:dirty-bitmap:NAME` says of a stretch. */
export const dirtyFlag = { dirty: 1 } as const

export const requestBytes = 28
export const simpleReplyBytes = 16
export const chunkHeaderBytes = 20
/** The longest name or message either side may send. */
export const maximumTextBytes = 4096
/** The most data of one request where the server names no limit. */
export const usualMaximumBytes = 32 * 2 ** 20
