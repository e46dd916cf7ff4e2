import type { Codec } from './xdr.ts'
import { XdrWriter } from './xdr-bytes.ts'

export const remoteProgram = 0x20008086
export const qemuProgram = 0x20008087
export const keepaliveProgram = 0x6b656570
export const protocolVersion = 1

export const frameType = { call: 0, reply: 1, message: 2, stream: 3, streamHole: 6 } as const
export const frameStatus = { ok: 0, error: 1, continue: 2 } as const
export const keepaliveProcedure = { ping: 1, pong: 2 } as const

export const headerBytes = 28
/** The largest frame libvirt sends or takes, its length field included. */
export const maximumFrameBytes = 32 * 1024 * 1024 + 4

export interface FrameHeader {
  program: number
  procedure: number
  type: number
  serial: number
  status: number
}

export interface Frame extends FrameHeader {
  version: number
  /** Shares memory with the bytes that came in. */
  payload: Buffer
}

/** The peer does not speak this protocol, or lost its place in it. Nothing after it can be trusted. */
export class FrameError extends Error {
  override name = 'FrameError'
}

function writeHeader(writer: XdrWriter, header: FrameHeader, lengthBytes: number) {
  writer.uint(lengthBytes)
  writer.uint(header.program)
  writer.uint(protocolVersion)
  writer.int(header.procedure)
  writer.int(header.type)
  writer.uint(header.serial)
  writer.int(header.status)
}

function checkLength(lengthBytes: number) {
  if (lengthBytes < headerBytes || lengthBytes > maximumFrameBytes) {
    throw new FrameError(`a frame of ${lengthBytes} bytes is outside ${headerBytes} to ${maximumFrameBytes}`)
  }
}

/** The header alone of a frame that carries `payloadBytes` raw bytes, so that bulk data need not be copied behind it. */
export function encodeHeader(header: FrameHeader, payloadBytes = 0): Buffer {
  checkLength(headerBytes + payloadBytes)
  const writer = new XdrWriter(headerBytes)
  writeHeader(writer, header, headerBytes + payloadBytes)
  return writer.finish()
}

/** A whole frame whose payload is `value` in its wire form. Throws XdrError or FrameError when it does not fit. */
export function encodeFrame<In>(header: FrameHeader, codec: Codec<unknown, In>, value: In): Buffer {
  const writer = new XdrWriter()
  writeHeader(writer, header, 0)
  codec.encode(writer, value)
  checkLength(writer.length)
  writer.patchUint(0, writer.length)
  return writer.finish()
}

/**
 * Cuts a byte stream into frames, however it was split on its way. It never holds more than was received and at most
 * one frame; a length outside the protocol's bounds throws FrameError before anything is kept for it.
 */
export class FrameParser {
  #chunks: Buffer[] = []
  #heldBytes = 0
  #wantedBytes = 4

  /** Calls `deliver` for every frame that `chunk` completes. Throws FrameError on a length that can't be. */
  push(chunk: Buffer, deliver: (frame: Frame) => void) {
    this.#chunks.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#heldBytes < this.#wantedBytes) return
    let bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#heldBytes)
    let wantedBytes = 4
    while (bytes.length >= 4) {
      wantedBytes = bytes.readUInt32BE(0)
      checkLength(wantedBytes)
      if (bytes.length < wantedBytes) break
      deliver(readFrame(bytes, wantedBytes))
      bytes = bytes.subarray(wantedBytes)
      wantedBytes = 4
    }
    this.#chunks = bytes.length > 0 ? [bytes] : []
    this.#heldBytes = bytes.length
    this.#wantedBytes = wantedBytes
  }

  /** Bytes of a frame that has not come in whole. */
  get heldBytes(): number {
    return this.#heldBytes
  }
}

function readFrame(bytes: Buffer, lengthBytes: number): Frame {
  return {
    program: bytes.readUInt32BE(4),
    version: bytes.readUInt32BE(8),
    procedure: bytes.readInt32BE(12),
    type: bytes.readInt32BE(16),
    serial: bytes.readUInt32BE(20),
    status: bytes.readInt32BE(24),
    payload: bytes.subarray(headerBytes, lengthBytes),
  }
}
