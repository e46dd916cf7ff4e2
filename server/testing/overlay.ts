import type { FleetHost } from './fleet.ts'

/** A disk file on the host that stands on another one. */
export const makeOverlay = (host: FleetHost, path: string, base: { path: string; format: 'qcow2' | 'raw' }) =>
  host.lab.run('qemu-img', ...['create', '-q', '-f', 'qcow2', '-F', base.format, '-b', base.path, path])
