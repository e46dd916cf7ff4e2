import { errorCode } from '../../libvirt/error.ts'
import type { BackupExports } from '../backup-plan.ts'
import type { CallOptions, HypervisorHost } from '../driver.ts'
import { refusedWith } from './errors.ts'
import { beginAt, placesToListen } from './listen.ts'
import type { Session } from './session.ts'
import { buildDiskHolderXml } from './xml/domain.ts'
import { attributeAt, find, findAll, parseXml } from './xml/tree.ts'

type OpenDisksVerbs = Pick<HypervisorHost, 'openDisks' | 'closeDisks'>

/** Paused, and gone with our connection whatever happens to us. */
const holderFlags = 1 | 2
const ports = { first: 62_000, last: 62_899 }
/** Where libvirt's own configuration looks for QEMU's certificates unless it is told otherwise. */
const certificateFolder = '/etc/pki/qemu'
const longMs = 60_000

/**
 * Disks that no VM has open are written through a guest that holds them and never runs: QEMU knows their format, and
 * keeps the marks of what was written for the next backup. libvirt has no verb for its server, so QEMU itself is asked.
 */
export function openDisksVerbs(session: Session): OpenDisksVerbs {
  const step = 'open disks for writing'

  async function ask(uuid: string, execute: string, args: object, options: CallOptions): Promise<unknown> {
    const command = JSON.stringify({ execute, arguments: args })
    const limits = { timeoutMs: longMs, ...options }
    const { result } = await session.long(step, 'qemuDomainMonitorCommand', { domain: { uuid }, command }, limits)
    const answer = JSON.parse(result) as { return?: unknown; error?: { desc?: string } }
    if (!answer.error) return answer.return
    throw session.refuse('unavailable', step, 'QEMU refused', 'Try again in a moment.', answer.error.desc)
  }

  /** QEMU's name for what each disk holds, by target. */
  async function nodeNames(uuid: string, options: CallOptions): Promise<Map<string, string>> {
    const { xml } = await session.read(step, 'domainGetXmlDesc', { domain: { uuid } }, options)
    const blocks = (await ask(uuid, 'query-block', {}, options)) as {
      qdev?: string
      inserted?: { 'node-name'?: string }
    }[]
    const names = new Map<string, string>()
    for (const disk of findAll(find(parseXml(xml), 'devices'), 'disk')) {
      const alias = attributeAt(disk, 'alias', 'name')
      const block = blocks.find(({ qdev }) => alias && qdev?.split('/').includes(alias))
      const node = block?.inserted?.['node-name']
      if (node) names.set(attributeAt(disk, 'target', 'dev') ?? '', node)
    }
    return names
  }

  async function listen(uuid: string, address: BackupExports['address'], options: CallOptions) {
    const addr =
      'socketPath' in address
        ? { type: 'unix', data: { path: address.socketPath } }
        : { type: 'inet', data: { host: address.host, port: String(address.port) } }
    const isSecured = 'tls' in address && address.tls
    await ask(uuid, 'nbd-server-start', { addr, ...(isSecured ? { 'tls-creds': 'skerry' } : {}) }, options)
    return address
  }

  async function showCertificate(uuid: string, options: CallOptions) {
    const credentials = { 'qom-type': 'tls-creds-x509', id: 'skerry', endpoint: 'server', 'verify-peer': true }
    await ask(uuid, 'object-add', { ...credentials, dir: certificateFolder }, options)
  }

  const close = async (holder: string, options: CallOptions = {}) => {
    try {
      const args = { domain: { uuid: holder }, flags: 0 }
      await session.long('close disks', 'domainDestroyFlags', args, { timeoutMs: longMs, ...options })
    } catch (error) {
      if (!refusedWith(error, errorCode.noDomain, errorCode.operationInvalid)) throw error
    }
  }

  return {
    async openDisks(plan, options = {}) {
      const { holder: uuid } = plan
      const xml = buildDiskHolderXml(plan)
      const { domain } = await session.change(step, 'domainCreateXml', { xml, flags: holderFlags }, options)
      try {
        const nodes = await nodeNames(uuid, options)
        if (plan.listen !== 'socket' && plan.listen.tls) await showCertificate(uuid, options)
        const address = await beginAt(
          await placesToListen(plan.listen, async () => domain, ports),
          (place) => listen(uuid, place, options),
          () => true,
        )
        for (const { target } of plan.disks) {
          const node = nodes.get(target)
          if (!node) throw session.refuse('unavailable', step, `QEMU has no disk ${target}`, 'Try again.')
          const args = { type: 'nbd', id: `skerry-${target}`, 'node-name': node, writable: true, name: target }
          await ask(uuid, 'block-export-add', args, options)
        }
        return { address, disks: plan.disks.map(({ target }) => ({ target, exportName: target, changes: null })) }
      } catch (error) {
        await close(uuid).catch(() => undefined)
        throw error
      }
    },

    closeDisks: close,
  }
}
