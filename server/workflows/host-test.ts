import type { CredentialBox } from '#server/core/credential.ts'
import type { HostAddress, HypervisorDriver } from '#server/hypervisor/driver.ts'
import { Credential } from '#server/schema/host-action.ts'
import type { HostTest } from './define.ts'

/** Tests addresses with credentials that this worker can open. */
export const hostTest =
  (driver: HypervisorDriver, credentials: CredentialBox | undefined): HostTest =>
  async (uri, sealed, hostId, signal) => {
    const address: HostAddress = { uri }
    if (sealed !== null) {
      if (!credentials) throw new Error('This worker has no key for credentials')
      const { tls, ssh } = Credential.parse(credentials.open(Buffer.from(sealed, 'base64'), hostId))
      address.credential = { ...(tls ? { tls } : {}), ...(ssh ? { ssh } : {}) }
    }
    return driver.test(address, { timeoutMs: 15_000, signal })
  }
