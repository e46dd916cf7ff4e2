import type { z } from 'zod'
import { conflict } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { OperationKind } from '#server/schema/operation.ts'
import { type AnyWorkflow, defineWorkflow, type Step, type StepContext } from './define.ts'
import {
  leaveReservedRow,
  type MadeVolume,
  type NewVm,
  recordNewVm,
  removeAllMade,
  removeDefinition,
  removeReservedRow,
  requireStillLeft,
  startNewVm,
  stopNewVm,
} from './new-vm.ts'

/** What differs between the ways in which a VM comes to be. */
export interface NewVmWorkflow<Input, Memory extends object> {
  kind: OperationKind
  input: z.ZodType<Input>
  result?(memory: Partial<Memory>): object | undefined
  /** The VM to be; its row was written with the request and holds its place and quota */
  vmOf(context: StepContext<Input, Memory>): NewVm
  /** Finds what the VM is made of and names the volumes to make. @throws what keeps it from being made */
  plan(context: StepContext<Input, Memory>, host: HypervisorHost): Promise<Partial<Memory>>
  disks: {
    /** Of the step */
    name: string
    /** Makes the volumes anew whenever it runs: of a half-made one nobody knows which half */
    make(context: StepContext<Input, Memory>, host: HypervisorHost): Promise<Partial<Memory> | undefined>
    /** The volumes to remove again */
    made(memory: Partial<Memory>): readonly MadeVolume[]
    /** Ends what a broken run still has open, so that the volumes can be removed */
    letGo?(context: StepContext<Input, Memory>, host: HypervisorHost): Promise<void>
  }
  definition(
    context: StepContext<Input, Memory>,
    host: HypervisorHost,
  ): Promise<{ xml: string; remember?: Partial<Memory> }>
  /** Whether it was asked to run; without this it never starts */
  start?(input: Input): boolean
}

/**
 * The one way in which VMs come to be: a place, disks, a definition, a start, a record.
 *
 * | there is        | disks | define   | start | undo                                |
 * |-----------------|-------|----------|-------|-------------------------------------|
 * | nothing         | made  | yes      | yes   | only the row goes                   |
 * | half a disk     | anew  | –        | –     | removed, once the host lets go of it|
 * | the definition  | –     | the same | yes   | forced off, removed, then its disks |
 *
 * Everything made carries the operation's mark or the VM's own UUID, so a second run finds it.
 */
export function defineNewVmWorkflow<Input extends { hostId: string }, Memory extends object>(
  way: NewVmWorkflow<Input, Memory>,
): AnyWorkflow {
  type Context = StepContext<Input, Memory>
  const hostOf = (context: Context) => context.host(context.input.hostId)
  const start: Step<Input, Memory> = {
    name: 'start',
    do: async (context) => {
      if (way.start?.(context.input)) await startNewVm(context, way.vmOf(context))
      return undefined
    },
    undo: (context) => stopNewVm(context, way.vmOf(context)),
  }
  return defineWorkflow<Input, Memory>({
    kind: way.kind,
    input: way.input,
    stillLeft: (context) => requireStillLeft(context, way.vmOf(context)),
    ...(way.result ? { result: way.result } : {}),
    steps: [
      {
        name: 'reserve',
        do: async (context) => {
          const host = await hostOf(context)
          await requirePlace(context, host, way.vmOf(context))
          return way.plan(context, host)
        },
        undo: (context) => removeReservedRow(context, way.vmOf(context)),
        leave: (context) => leaveReservedRow(context, way.vmOf(context)),
      },
      {
        name: way.disks.name,
        do: async (context) => way.disks.make(context, await hostOf(context)),
        undo: async (context) => {
          const made = way.disks.made(context.memory)
          if (made.length === 0) return undefined
          const host = await hostOf(context)
          await way.disks.letGo?.(context, host)
          return removeAllMade(context, host, made)
        },
      },
      {
        name: 'define',
        do: async (context) => {
          const host = await hostOf(context)
          const { xml, remember } = await way.definition(context, host)
          await host.define(xml)
          return remember
        },
        undo: (context) => removeDefinition(context, way.vmOf(context)),
      },
      ...(way.start ? [start] : []),
      {
        name: 'record',
        do: async (context) => {
          await recordNewVm(context, await hostOf(context), way.vmOf(context))
          return undefined
        },
      },
    ],
  })
}

/** @throws conflict when its row is gone or the host has a VM of that name */
async function requirePlace(
  { db }: Pick<StepContext<unknown, object>, 'db'>,
  host: HypervisorHost,
  { id, uuid, name }: NewVm,
): Promise<void> {
  const row = await db.vm.findUnique({ where: { id }, select: { id: true } })
  if (!row) throw conflict(`The place held for ${name} is gone.`, 'Ask for it again.')
  const namesake = (await host.listVms()).find((vm) => vm.name === name && vm.uuid !== uuid)
  if (namesake) throw conflict(`There is a VM named ${name} on the host already.`, 'Choose another name.')
}
