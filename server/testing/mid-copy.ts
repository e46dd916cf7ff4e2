import { expect } from 'vitest'
import type { Operation } from '#prisma/generated/client.ts'
import type { TestFleet } from './fleet.ts'

/** For `limitLink`: so slow that there is time to do something in the middle of a copy. */
export const slowBytesPerSecond = 3 * 2 ** 20

/** The operation once this step has copied so much, and not all. */
export async function inTheMiddle(
  { db }: Pick<TestFleet, 'db'>,
  id: string,
  step: string,
  leastBytes = 1,
): Promise<Operation> {
  const read = () => db.operation.findUniqueOrThrow({ where: { id } })
  let row = await read()
  const hasBegun = async () => {
    row = await read()
    return row.step === step && Number(row.progressDone) >= leastBytes
  }
  await expect.poll(hasBegun, { timeout: 60_000, interval: 50 }).toBe(true)
  expect(row).toMatchObject({ state: 'running', finishedAt: null })
  expect(Number(row.progressDone)).toBeLessThan(Number(row.progressTotal))
  return row
}
