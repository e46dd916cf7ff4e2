import { readFile } from 'node:fs/promises'
import type { FleetHost, TestFleet } from './fleet.ts'
import { reachAt } from './fleet-address.ts'

/** From now on the host is reached over TLS, as one that is elsewhere. */
export async function reachOverTls(fleet: TestFleet, host: FleetHost): Promise<void> {
  const { caCertPath, certPath, keyPath } = host.lab.pki
  const [authority = '', certificate = '', key = ''] = await Promise.all(
    [caCertPath, certPath, keyPath].map((path) => readFile(path, 'utf8')),
  )
  await reachAt(fleet, host, host.lab.tlsUri, { tls: { authority, certificate, key } })
}
