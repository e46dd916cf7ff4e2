import type { BackupExports } from '../../backup-plan.ts'
import { find, findAll, parseXml } from './tree.ts'
import { xml } from './write.ts'

export interface NewBackup {
  since?: string | undefined
  address: BackupExports['address']
  /** Every disk of the VM. One that is included needs a place for what the guest overwrites meanwhile */
  disks: readonly { target: string; path: string | null }[]
}

const bitmapOf = (target: string) => `backup-${target}`

export function buildBackupXml({ since, address, disks }: NewBackup): string {
  const server =
    'socketPath' in address
      ? { transport: 'unix', socket: address.socketPath }
      : { transport: 'tcp', name: address.host, port: address.port, tls: address.tls && 'yes' }
  return xml(
    'domainbackup',
    { mode: 'pull' },
    since && xml('incremental', {}, since),
    xml('server', server),
    xml(
      'disks',
      {},
      disks.map(({ target, path }) => {
        if (path === null) return xml('disk', { name: target, backup: 'no' })
        const attributes = {
          name: target,
          backup: 'yes',
          type: 'file',
          exportname: target,
          exportbitmap: since !== undefined && bitmapOf(target),
        }
        return xml('disk', attributes, xml('scratch', { file: path }))
      }),
    ),
  ).text
}

/** @throws XmlError where it is not well-formed */
export function readBackupXml(text: string): BackupExports {
  const root = parseXml(text)
  const { transport, socket = '', name = '', port, tls } = find(root, 'server')?.attributes ?? {}
  const isIncremental = find(root, 'incremental') !== undefined
  const included = findAll(find(root, 'disks'), 'disk').filter((disk) => disk.attributes.backup !== 'no')
  return {
    address:
      transport === 'unix' ? { socketPath: socket } : { host: name, port: Number(port) || 10809, tls: tls === 'yes' },
    disks: included.map(({ attributes }) => {
      const { name: target = '', exportname, exportbitmap, incremental } = attributes
      const bitmap = exportbitmap ?? (isIncremental || incremental ? bitmapOf(target) : undefined)
      return {
        target,
        exportName: exportname ?? target,
        changes: bitmap === undefined ? null : `qemu:dirty-bitmap:${bitmap}`,
      }
    }),
  }
}
