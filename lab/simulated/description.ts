import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { FleetDescription } from '#lab/fleet.ts'
import type { SimulatedFleet } from './fleet.ts'

/**
 * The fleet as the lab of real hosts describes its own, for whoever tells Skerry of it. `tlsUri` leads to the host's
 * socket, which asks for no certificate: the files that `pki` names are there and empty.
 */
export type SimulatedDescription = FleetDescription & { simulated: true }

/** Writes `fleet.json` into `dir`, whole or not at all, and returns what it says. */
export async function writeDescription(fleet: SimulatedFleet, dir: string): Promise<SimulatedDescription> {
  const pkiDir = resolve(dir, 'pki')
  const pki = {
    dir: pkiDir,
    caCertPath: join(pkiDir, 'cacert.pem'),
    certPath: join(pkiDir, 'clientcert.pem'),
    keyPath: join(pkiDir, 'clientkey.pem'),
  }
  await mkdir(pkiDir, { recursive: true })
  for (const path of [pki.caCertPath, pki.certPath, pki.keyPath]) await writeFile(path, '')
  const description: SimulatedDescription = {
    simulated: true,
    accelerator: 'kvm',
    sites: fleet.plan.sites.map(({ key, name, kind, lat, lon }) => ({ key, name, kind, lat, lon })),
    tenants: [...fleet.plan.tenants],
    hosts: fleet.hosts.map(({ name, uri, socketPath, model: { plan } }) => ({
      name,
      siteKey: plan.siteKey,
      address: plan.address,
      tlsUri: uri,
      socketPath,
      pki,
    })),
    guests: fleet.plan.vms.map(({ name, uuid, tenantKey, tags, host }) => ({
      name,
      uuid,
      tenantKey,
      tags: [...tags],
      host,
    })),
  }
  const path = join(dir, 'fleet.json')
  await writeFile(`${path}.new`, `${JSON.stringify(description, null, 2)}\n`)
  await rename(`${path}.new`, path)
  return description
}
