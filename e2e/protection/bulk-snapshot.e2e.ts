import { sql, virsh, vmId, waitForGuest } from '../fleet.ts'
import { expect, test } from '../test.ts'

const name = 'before-the-change'

test('snapshots of several VMs are taken at once, and each that gets none says why', async ({ as }) => {
  const cameras = await Promise.all(['bergen-camera', 'tromso-camera'].map(waitForGuest))
  const [taken, refused] = cameras
  if (!taken || !refused) throw new Error('The lab has no cameras')
  const refusedId = await vmId(refused.name)
  try {
    await virsh(refused.host, 'snapshot-create-as', refused.name, name)
    await expect.poll(() => sql('SELECT FROM snapshot WHERE vm_id = $1 AND name = $2', refusedId, name)).toHaveLength(1)
    const page = await as('operator', '/fleet')
    for (const camera of cameras) await page.getByRole('checkbox', { name: `Select ${camera.name}` }).click()
    await page.getByRole('button', { name: 'Snapshot…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Take snapshots of 2 VMs' })
    await dialog.getByLabel('Name of each').fill(name)
    await dialog.getByRole('button', { name: 'Take snapshots' }).click()
    await expect(dialog).toBeHidden()

    const tray = page.getByRole('region', { name: 'Operations' })
    await tray.getByRole('button', { name: 'Details of Snapshot 2 VMs' }).click()
    await expect(tray.getByText('Partly done', { exact: true })).toBeVisible({ timeout: 30_000 })
    const parts = tray.getByRole('list', { name: 'Its parts' })
    await expect(parts).toContainText(`${refused.name} has a snapshot ${name} already.`)
    await expect(parts.getByRole('link', { name: taken.name })).toBeVisible()
    expect(await virsh(taken.host, 'snapshot-list', taken.name, '--name')).toBe(name)
    const ofNames = cameras.map((camera) => camera.name)
    expect(
      await sql(
        "SELECT target_name, state FROM operation WHERE kind = 'take-snapshot' AND target_name = ANY($1)",
        ofNames,
      ),
    ).toEqual([{ target_name: taken.name, state: 'succeeded' }])
  } finally {
    for (const camera of cameras) {
      await virsh(camera.host, 'snapshot-delete', camera.name, name).catch(() => undefined)
    }
  }
})
