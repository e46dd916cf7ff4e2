import { expect, test } from 'vitest'
import type { StepContext } from './define.ts'
import { vmRow } from './vm-on-host.ts'

const contextOf = (asked: string | null, now: string | null) =>
  ({
    operation: { targetId: 'vm-1', tenantId: asked },
    db: { vm: { findUnique: async () => ({ id: 'vm-1', tenantId: now, disks: [] }) } },
  }) as unknown as StepContext<unknown, object>

test('an operation finds its VM while that is in the tenant it was asked for', async () => {
  await expect(vmRow(contextOf('acme', 'acme'))).resolves.toMatchObject({ id: 'vm-1' })
  await expect(vmRow(contextOf(null, null))).resolves.toMatchObject({ id: 'vm-1' })
})

test('an operation has no VM any more once that was given to another tenant', async () => {
  await expect(vmRow(contextOf('acme', 'other'))).rejects.toMatchObject({ code: 'not-found' })
  await expect(vmRow(contextOf(null, 'other'))).rejects.toMatchObject({ code: 'not-found' })
})
