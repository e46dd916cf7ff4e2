import { readFile } from 'node:fs/promises'
import { CredentialBox } from '#server/core/credential.ts'
import { env } from '#server/env.ts'
import type { FleetHost, TestFleet } from './fleet.ts'

/** From now on the host is reached over TLS, as one that is elsewhere. */
export async function reachOverTls(fleet: TestFleet, host: FleetHost): Promise<void> {
  const { caCertPath, certPath, keyPath } = host.lab.pki
  const [authority = '', certificate = '', key = ''] = await Promise.all(
    [caCertPath, certPath, keyPath].map((path) => readFile(path, 'utf8')),
  )
  const credential = CredentialBox.fromText(env().SKERRY_KEY).seal({ tls: { authority, certificate, key } }, host.id)
  await fleet.db.host.update({ where: { id: host.id }, data: { uri: host.lab.tlsUri, credential } })
}
