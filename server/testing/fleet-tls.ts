import { readFile } from 'node:fs/promises'
import type { ClientPki } from '#lab/certificate.ts'
import type { FleetHost, TestFleet } from './fleet.ts'
import { reachAt } from './fleet-address.ts'

/** With what Skerry proves itself to hosts of the lab, as a credential has it. */
export async function tlsOf({ caCertPath, certPath, keyPath }: ClientPki) {
  const [authority = '', certificate = '', key = ''] = await Promise.all(
    [caCertPath, certPath, keyPath].map((path) => readFile(path, 'utf8')),
  )
  return { authority, certificate, key }
}

/** From now on the host is reached over TLS, as one that is elsewhere. */
export async function reachOverTls(fleet: TestFleet, host: FleetHost): Promise<void> {
  await reachAt(fleet, host, host.lab.tlsUri, { tls: await tlsOf(host.lab.pki) })
}
