import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { SimulatedFleet } from '#lab/simulated/fleet.ts'
import { axeFindings } from './axe.ts'
import { fleet, sql } from './fleet.ts'
import { expect, test } from './test.ts'

test('a host is added by its URI, after tests that say what is wrong, and removed again', async ({ as }) => {
  test.setTimeout(180_000)
  const [real] = fleet.hosts
  if (!real) throw new Error('The lab has no host')
  const dir = await mkdtemp('/tmp/skerry-e2e-host-')
  const spare = new SimulatedFleet({ dir, size: { hosts: 1, vms: 0 }, seed: 'spare' })
  await spare.start()
  const added = () =>
    sql<{ hostname: string; simulated: boolean; state: string; migration_uri: string }>(
      "SELECT hostname, simulated, state::text, migration_uri FROM host WHERE name = 'spare-1'",
    )
  try {
    const page = await as('operator', '/')
    await page.getByRole('button', { name: 'Search or jump to…' }).click()
    await page.getByRole('dialog', { name: 'Command palette' }).getByRole('combobox').fill('add host')
    await page.getByRole('option', { name: 'Add a host' }).click()
    const dialog = page.getByRole('dialog', { name: 'Add a host' })
    const uri = dialog.getByLabel('libvirt URI')
    const verify = dialog.getByRole('button', { name: 'Test the connection' })

    // What is wrong shows once the field is left.
    await uri.fill('qemu+tcp://somewhere/system')
    await expect(dialog.getByText(/does not go by “tcp”/)).toBeHidden()
    await uri.press('Tab')
    await expect(dialog.getByText(/does not go by “tcp”/)).toBeVisible()
    expect(await axeFindings(page)).toEqual([])
    await uri.fill('qemu+ssh://ro%ot@somewhere/system')
    await expect(dialog.getByText(/The account “ro%ot”/)).toBeVisible()
    await uri.fill(`qemu+tls://${real.address}:1/system`)
    await expect(dialog.getByLabel('Name or address')).toHaveValue(real.address)
    await uri.fill('')
    await expect(dialog.getByLabel('Name or address')).toHaveValue('')
    await uri.fill(`qemu+tls://${real.address}:1/system`)
    await dialog.getByLabel('Authority (PEM)').fill(await readFile(real.pki.caCertPath, 'utf8'))
    await dialog.getByLabel('Our certificate (PEM)').fill(await readFile(real.pki.certPath, 'utf8'))
    await dialog.getByLabel('Our private key (PEM)').fill(await readFile(real.pki.keyPath, 'utf8'))
    await verify.click()
    await expect(dialog.getByText('The connection failed')).toBeVisible({ timeout: 30_000 })
    await uri.fill(real.tlsUri)
    await expect(dialog.getByText('The connection failed')).toBeHidden()
    await verify.click()
    await expect(dialog.getByText('It answers')).toBeVisible({ timeout: 30_000 })

    await uri.fill(spare.hosts[0]?.uri ?? '')
    await verify.click()
    await expect(dialog.getByText('It answers')).toBeVisible({ timeout: 30_000 })
    await expect(dialog.getByText('simulated', { exact: true })).toBeVisible()
    await dialog.getByLabel('Name in Skerry').fill('spare-1')
    await dialog.getByLabel('Address for migrations').fill('qemu+tls://198.18.0.1/system')
    await dialog.getByRole('button', { name: /Site$/ }).click()
    await page.getByRole('option', { name: fleet.sites[0]?.name ?? '' }).click()
    await dialog.getByRole('button', { name: 'Add host' }).click()
    await expect.poll(added, { timeout: 30_000 }).toEqual([
      {
        hostname: spare.hosts[0]?.name,
        simulated: true,
        state: 'connected',
        migration_uri: 'qemu+tls://198.18.0.1/system',
      },
    ])
    const line = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'spare-1' }) })
    await expect(line.getByText('simulated', { exact: true })).toBeVisible()

    await page.getByRole('button', { name: 'Search or jump to…' }).click()
    await page.getByRole('dialog', { name: 'Command palette' }).getByRole('combobox').fill('remove spare-1')
    await page.getByRole('option', { name: 'Remove spare-1…' }).click()
    const removing = page.getByRole('alertdialog', { name: 'Remove spare-1?' })
    await removing.getByRole('textbox').fill('spare-1')
    await removing.getByRole('button', { name: 'Remove', exact: true }).click()
    await expect.poll(added, { timeout: 30_000 }).toEqual([])
  } finally {
    await sql("DELETE FROM host WHERE name = 'spare-1'")
    await spare.stop()
    await rm(dir, { recursive: true, force: true })
  }
})

test('vCPUs promised beyond a host’s CPUs are said, and its bar shows where the CPUs end', async ({ as }) => {
  const [host] = await sql<{ id: string; cpus: number; vcpus: number }>(
    `SELECT host.id, host.cpu_count AS cpus, sum(vm.vcpu_count)::int AS vcpus FROM host JOIN vm ON vm.host_id = host.id
     GROUP BY host.id ORDER BY vcpus DESC LIMIT 1`,
  )
  if (!host || host.vcpus < 2) throw new Error('No host of the lab has two vCPUs to promise')
  await sql('UPDATE host SET cpu_count = 1 WHERE id = $1', host.id)
  try {
    const page = await as('operator', `/hosts/${host.id}`)
    const meter = page.getByRole('meter', { name: 'vCPUs promised' })
    await expect(meter).toHaveAttribute('aria-valuetext', `${host.vcpus} of 1, overcommitted ${host.vcpus}×`)
    await expect(page.getByText(`overcommitted ${host.vcpus}×`)).toBeVisible()
    const markAt = await meter.evaluate((bar) => {
      const mark = bar.lastElementChild?.getBoundingClientRect()
      return mark && (mark.left - bar.getBoundingClientRect().left) / bar.clientWidth
    })
    expect(markAt).toBeCloseTo(1 / host.vcpus, 2)
  } finally {
    await sql('UPDATE host SET cpu_count = $2 WHERE id = $1', host.id, host.cpus)
  }
})
