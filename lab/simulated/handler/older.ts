import { encodeFrame, type Frame, type FrameHeader, remoteProgram } from '#server/libvirt/frame.ts'
import { domain, procedure } from '#server/libvirt/protocol/shape.ts'
import type { Codec } from '#server/libvirt/xdr.ts'
import { int, list, text } from '#server/libvirt/xdr.ts'
import { XdrReader } from '#server/libvirt/xdr-bytes.ts'
import { forceOff, shutDown, start, undefine } from '../model/power.ts'
import type { Caller } from './handler.ts'

/** A call that libvirt's shell still makes where a newer one exists. */
export interface OlderProcedure {
  readonly number: number
  /** Does it; `write` then makes the frame of its result. @throws Refusal */
  answer(call: Frame, caller: Caller): { write(header: FrameHeader): Buffer }
}

/** Seals the types of arguments and result in, so that procedures of all kinds stand in one list. */
function older<Args, Result>(
  described: { number: number; args: Codec<Args, never>; result: Codec<unknown, Result> },
  answer: (args: Args, caller: Caller) => Result,
): OlderProcedure {
  return {
    number: described.number,
    answer(call, caller) {
      const result = answer(described.args.decode(new XdrReader(call.payload)), caller)
      return { write: (header) => encodeFrame(header, described.result, result) }
    },
  }
}

const vmOf = (args: { domain: { uuid: string } }, { host }: Caller) => host.vm(args.domain.uuid)
const onVm = (number: number, change: (host: Caller['host'], vm: ReturnType<typeof vmOf>) => void) =>
  older(procedure(number, { domain }), (args, caller) => {
    change(caller.host, vmOf(args, caller))
    return {}
  })
const characters = list(int)

const all: readonly OlderProcedure[] = [
  onVm(9, start),
  onVm(12, forceOff),
  older(procedure(19, { domain }, { type: text }), () => ({ type: 'hvm' })),
  onVm(33, shutDown),
  onVm(35, undefine),
  older(procedure(122, {}, { model: characters, interpretation: characters }), () => ({
    model: [],
    interpretation: [],
  })),
]

const byNumber = new Map(all.map((each) => [each.number, each]))

/** The older procedure of these wire numbers, or undefined. */
export const olderProcedure = (program: number, number: number): OlderProcedure | undefined =>
  program === remoteProgram ? byNumber.get(number) : undefined
