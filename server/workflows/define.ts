import type { Logger } from 'pino'
import type { z } from 'zod'
import type { Db } from '#server/db.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { HostFacts } from '#server/hypervisor/facts.ts'
import type { OperationKind } from '#server/schema/operation.ts'
import type { CloneExports } from './clone-exports.ts'
import type { Repositories } from './repositories.ts'

/** Where connections to hosts come from; a host stays open as long as the worker lives. */
export interface HostSource {
  open(hostId: string): HypervisorHost | Promise<HypervisorHost>
}

/** One attempt at an address; the credential is sealed for the host's id, in base64. */
export type HostTest = (uri: string, sealed: string | null, hostId: string, signal: AbortSignal) => Promise<HostFacts>

/** The operation a step works for: what of its row never changes while it runs. */
export interface OperationRef {
  id: string
  kind: OperationKind
  tenantId: string | null
  targetId: string
  targetName: string
  hostId: string | null
  destinationHostId: string | null
  actor: { kind: 'user' | 'api_key' | 'system'; id: string | null; name: string }
  requestId: string | null
}

/** Bytes, items or percent; a rate is units a second. What is left out keeps its last value, null clears it. */
export interface Progress {
  phase?: string | null
  done?: number | null
  total?: number | null
  unit?: 'bytes' | 'items' | 'percent'
  ratePerSecond?: number | null
  remainingMs?: number | null
}

export interface StepContext<Input, Memory> {
  operation: OperationRef
  input: Input
  /** What earlier steps remembered */
  memory: Readonly<Partial<Memory>>
  db: Db
  log: Logger
  /** Fires when somebody cancels, and only then */
  signal: AbortSignal
  /** Waits a bounded time for the connection. @throws HostUnreachable with the reason */
  host(hostId: string, waitMs?: number): Promise<HypervisorHost>
  /** The host whether it is connected or not */
  openHost(hostId: string): Promise<HypervisorHost>
  /** One attempt at a host that may not be in the fleet yet. @throws the stage that failed, with the way out */
  testHost(uri: string, sealed: string | null, hostId: string): Promise<HostFacts>
  repositories: Repositories
  /** Where hosts read what clones share with recovery points */
  cloneExports: CloneExports
  /** Cheap to call often; written to the row at most four times a second */
  progress(progress: Progress): void
}

/**
 * One step. It may run twice, also after it succeeded, so it looks for what it made (by the operation's id) before it
 * makes anything. What `do` returns is remembered for later steps and must be plain JSON.
 */
export interface Step<Input, Memory> {
  name: string
  do(context: StepContext<Input, Memory>): Promise<Partial<Memory> | undefined>
  /**
   * Runs when the undos of all later steps came through; what they could not take back would stand on this step's work.
   * Also runs when `do` failed half way or never began. @returns what was undone, in words; undefined for nothing
   */
  undo?(context: StepContext<Input, Memory>): Promise<string | undefined>
  /** Runs instead of `undo` when that may not: says in the database what stays. Touches nothing on a host. */
  leave?(context: StepContext<Input, Memory>): Promise<void>
}

export interface Workflow<Input, Memory extends object> {
  kind: OperationKind
  input: z.ZodType<Input>
  steps: readonly Step<Input, Memory>[]
  /** Name of the step after which there is no way back: later steps can't be cancelled and failing undoes nothing. */
  noReturnAfter?: string
  /** What the row shows at the end; plain JSON */
  result?(memory: Partial<Memory>): object | undefined
  /** Before what was left behind is undone later. @throws conflict when it has become something else meanwhile */
  stillLeft?(context: StepContext<Input, Memory>): Promise<void>
}

/** A definition with its types sealed in, so that workflows of all kinds stand in one list. */
export interface AnyWorkflow {
  kind: OperationKind
  stepNames: readonly string[]
  noReturnIndex: number
  hasUndo(index: number): boolean
  do(index: number, context: BareContext): Promise<object | undefined>
  undo(index: number, context: BareContext): Promise<string | undefined>
  hasLeave(index: number): boolean
  leave(index: number, context: BareContext): Promise<undefined>
  stillLeft(context: BareContext): Promise<void>
  result(memory: object): object | undefined
}

export type BareContext = Omit<StepContext<unknown, object>, 'memory'> & { memory: object }

/** Checks the input of every step against the schema, so that a row from an older version fails clearly. */
export function defineWorkflow<Input, Memory extends object>(workflow: Workflow<Input, Memory>): AnyWorkflow {
  const step = (index: number) => {
    const found = workflow.steps[index]
    if (!found) throw new Error(`${workflow.kind} has no step ${index}`)
    return found
  }
  const typed = (context: BareContext): StepContext<Input, Memory> => ({
    ...context,
    input: workflow.input.parse(context.input),
    memory: context.memory as Partial<Memory>,
  })
  const stepNames = workflow.steps.map((each) => each.name)
  return {
    kind: workflow.kind,
    stepNames,
    noReturnIndex: workflow.noReturnAfter ? stepNames.indexOf(workflow.noReturnAfter) : stepNames.length,
    hasUndo: (index) => step(index).undo !== undefined,
    do: (index, context) => step(index).do(typed(context)),
    undo: async (index, context) => step(index).undo?.(typed(context)),
    hasLeave: (index) => step(index).leave !== undefined,
    leave: async (index, context) => {
      await step(index).leave?.(typed(context))
      return undefined
    },
    stillLeft: async (context) => workflow.stillLeft?.(typed(context)),
    result: (memory) => workflow.result?.(memory as Partial<Memory>),
  }
}
