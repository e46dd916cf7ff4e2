/**
 * Proves that a folder or bucket will do for a store: reaches it, writes, reads, lists and deletes a small object. It is
 * left as it was. The credential lies sealed in the operation.
 *
 * | the store                    | test                                        |
 * |------------------------------|---------------------------------------------|
 * | does all that                | how long it took, and what room there is    |
 * | does not                     | fails with what it did not do, and the way out |
 */
import { GivenUp, SkerryError } from '#server/errors.ts'
import { type StoreSummary, TestStorePlan } from '#server/schema/store.ts'
import { defineWorkflow, type StepContext } from './define.ts'

async function tryOnce({ repositories, input, progress }: StepContext<TestStorePlan, StoreSummary>) {
  try {
    return await repositories.test(input, (phase) => progress({ phase }))
  } catch (error) {
    if (!(error instanceof SkerryError)) throw error
    // Who waits for it wants to know at once.
    const { code, message, wayOut, detail, cause } = error
    throw new GivenUp(code, message, { ...(wayOut ? { wayOut } : {}), ...(detail ? { detail } : {}), cause })
  }
}

export const testStore = defineWorkflow<TestStorePlan, StoreSummary>({
  kind: 'test-store',
  input: TestStorePlan,
  result: (memory) => memory,
  steps: [{ name: 'try it', do: tryOnce }],
})
