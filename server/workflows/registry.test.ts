import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { operationKinds } from '#server/schema/operation.ts'
import { workflows } from './registry.ts'

test('every kind of operation has its workflow, and every workflow is proven under faults', () => {
  const kinds = workflows.map((workflow) => workflow.kind)
  expect([...kinds].sort()).toEqual([...operationKinds].sort())
  const ending = '.fault.integration.test.ts'
  // Some have a file for each of their ways: KIND.WAY.fault.integration.test.ts.
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(ending))
  const proven = new Set(files.map((name) => name.split('.')[0]))
  expect([...proven].sort()).toEqual([...kinds].sort())
})
