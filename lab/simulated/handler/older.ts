import { remoteProgram } from '#server/libvirt/frame.ts'
import { domain, procedure } from '#server/libvirt/protocol/shape.ts'
import type { Codec } from '#server/libvirt/xdr.ts'
import { int, list, text } from '#server/libvirt/xdr.ts'
import { forceOff, shutDown, start, undefine } from '../model/power.ts'
import type { Caller } from './handler.ts'

/** A call that libvirt's shell still makes where a newer one exists. */
export interface OlderProcedure {
  readonly args: Codec<unknown, never>
  readonly result: Codec<unknown, never>
  readonly answer: (args: { domain: { uuid: string } }, caller: Caller) => object
}

const vmOf = (args: { domain: { uuid: string } }, { host }: Caller) => host.vm(args.domain.uuid)
const characters = list(int)

const described: [
  { number: number; args: Codec<unknown, never>; result: Codec<unknown, never> },
  OlderProcedure['answer'],
][] = [
  [
    procedure(9, { domain }),
    (args, caller) => {
      start(caller.host, vmOf(args, caller))
      return {}
    },
  ],
  [
    procedure(12, { domain }),
    (args, caller) => {
      forceOff(caller.host, vmOf(args, caller))
      return {}
    },
  ],
  [procedure(19, { domain }, { type: text }), () => ({ type: 'hvm' })],
  [
    procedure(33, { domain }),
    (args, caller) => {
      shutDown(caller.host, vmOf(args, caller))
      return {}
    },
  ],
  [
    procedure(35, { domain }),
    (args, caller) => {
      undefine(caller.host, vmOf(args, caller))
      return {}
    },
  ],
  [procedure(122, {}, { model: characters, interpretation: characters }), () => ({ model: [], interpretation: [] })],
]

const byNumber = new Map<number, OlderProcedure>(
  described.map(([{ number, args, result }, answer]) => [number, { args, result, answer }]),
)

/** The older procedure of these wire numbers, or undefined. */
export const olderProcedure = (program: number, number: number): OlderProcedure | undefined =>
  program === remoteProgram ? byNumber.get(number) : undefined
