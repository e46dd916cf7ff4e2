import { CredentialBox } from '#server/core/credential.ts'
import { env } from '#server/env.ts'
import type { HostCredential } from '#server/hypervisor/driver.ts'
import type { FleetHost, TestFleet } from './fleet.ts'

/** From now on the host is reached so. */
export async function reachAt(
  fleet: TestFleet,
  { id }: FleetHost,
  uri: string,
  credential: HostCredential,
): Promise<void> {
  const sealed = CredentialBox.fromText(env().SKERRY_KEY).seal(credential, id)
  await fleet.db.host.update({ where: { id }, data: { uri, credential: sealed } })
}
