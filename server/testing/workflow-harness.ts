import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Operation } from '#prisma/generated/client.ts'
import type { AnyWorkflow } from '#server/workflows/define.ts'
import { type TestEngine, testEngine } from './engine.ts'
import { type TestFleet, testFleet } from './fleet.ts'
import { WorkerChild } from './worker-child.ts'

/** One go at a workflow, on VMs of its own. The judges look out of band: virsh, SQL, files. */
export interface Trial {
  /** Enqueues the operation and @returns its id */
  ask(): Promise<string>
  /** Fails unless the operation's effect is there, once */
  done(operation: Operation): Promise<void>
  /** What is there that was not before `ask`, or gone that was: empty after an undo */
  remains(): Promise<string[]>
  /** Takes away what the trial made, whatever happened */
  clear(): Promise<void>
}

export interface Proof {
  workflow: AnyWorkflow
  hosts: readonly string[]
  /** `name` is fresh for every trial */
  arrange(fleet: TestFleet, name: string): Promise<Trial>
  /** The step whose work nothing takes back once it is done, so that a failure after it is not tried */
  finalStep?: string
  /** Steps that do nothing for what is tried here, or nothing that another proof of the workflow does not try */
  without?: readonly string[]
  timeoutMs?: number
}

/** What a killed worker costs at the most until the next one goes on. */
const takeoverMs = 15_000

/**
 * Proves of a workflow, on real hosts: it may run every step twice; failing after any step that can be undone leaves
 * nothing; a worker killed right after any step, before that is written down, is made good by the next worker, which in
 * one trial is killed after the step that follows, and so on to the last.
 */
export function proveWorkflow(proof: Proof): void {
  const { workflow, timeoutMs = 90_000, without = [] } = proof
  const tried = workflow.stepNames.filter((step) => !without.includes(step))
  describe(`${workflow.kind} under faults`, () => {
    let fleet: TestFleet
    let trial: Trial | undefined
    let count = 0
    const arrange = async () => {
      count++
      trial = await proof.arrange(fleet, `${workflow.kind}-${count}`)
      return trial
    }
    const workers: WorkerChild[] = []
    const spare = () => {
      const worker = new WorkerChild(fleet.databaseUrl, fleet.exports)
      workers.push(worker)
      return worker
    }
    beforeAll(async () => {
      fleet = await testFleet(`${workflow.kind} proof`, proof.hosts)
      // They start while everything else is tried.
      for (const _ of ['first', 'second']) spare()
    })
    afterEach(async () => {
      await trial?.clear()
      trial = undefined
    })
    afterAll(async () => {
      await Promise.all(workers.map((worker) => worker.stop()))
      await fleet?.close()
    })

    describe('in one process', () => {
      let engine: TestEngine
      beforeAll(async () => {
        engine = await testEngine(fleet)
      })
      afterAll(() => engine?.stop())

      test('every step twice', { timeout: timeoutMs }, async () => {
        engine.hooks = {
          aroundStep: async (at, run) => {
            if (at.turn === 'do') await run()
            return run()
          },
        }
        const now = await arrange()
        const end = await fleet.ended(await now.ask(), timeoutMs)
        expect(end.error).toBeNull()
        expect(end.state).toBe('succeeded')
        await now.done(end)
      })

      for (const [index, step] of workflow.stepNames.entries()) {
        if (index > workflow.noReturnIndex || step === proof.finalStep || without.includes(step)) continue
        test(`failing after “${step}” leaves nothing`, { timeout: timeoutMs }, async () => {
          engine.hooks = { aroundStep: failAfter(step) }
          const now = await arrange()
          const end = await fleet.ended(await now.ask(), timeoutMs)
          expect(end).toMatchObject({ state: 'failed', error: { step } })
          expect(end.error).not.toHaveProperty('left')
          expect(await now.remains()).toEqual([])
        })
      }
    })

    describe('in processes of their own', () => {
      const title = `killed after each step in turn (${tried.join(', ')}), the last worker finishes`
      test(title, { timeout: timeoutMs + tried.length * takeoverMs }, async () => {
        const now = await arrange()
        let [worker, next] = [workers[0] ?? spare(), workers[1] ?? spare()]
        let id: string | undefined
        const { kind } = workflow
        for (const [index, step] of tried.entries()) {
          const killAfter = { kind, step }
          await worker.begin({ workerId: `doomed-${index}`, killAfter })
          id ??= await now.ask()
          await worker.gone
          expect(worker.process.signalCode).toBe('SIGKILL')
          // It was this step that it died after, and nobody has written that it is done.
          expect(await fleet.db.operation.findUnique({ where: { id } })).toMatchObject({
            ...{ step, finishedAt: null },
          })
          worker = next
          if (index < tried.length - 1) next = spare()
        }
        await worker.begin({ workerId: 'last' })
        const end = await fleet.ended(id ?? '', timeoutMs)
        expect(end.error).toBeNull()
        expect(end.state).toBe('succeeded')
        await now.done(end)
      })
    })
  })
}

function failAfter(step: string) {
  return async <T>(at: { step: string; turn: string }, run: () => Promise<T>): Promise<T> => {
    const result = await run()
    if (at.turn === 'do' && at.step === step) throw new Error(`made to fail after ${step}`)
    return result
  }
}
