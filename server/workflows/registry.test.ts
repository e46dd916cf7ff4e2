import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { operationKinds } from '#server/schema/operation.ts'
import { workflows } from './registry.ts'

test('every kind of operation has its workflow, and every workflow is proven under faults', () => {
  const kinds = workflows.map((workflow) => workflow.kind)
  expect([...kinds].sort()).toEqual([...operationKinds].sort())
  const ending = '.fault.integration.test.ts'
  const proven = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
  expect(proven.sort()).toEqual([...kinds].sort())
})
