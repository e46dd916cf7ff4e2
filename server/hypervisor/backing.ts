/**
 * Where a host reads what its disks share: from a port with TLS on both sides, from a port of its own loopback that leads
 * to the other side, or on its own machine from a socket.
 */
export type BackingAddress =
  | {
      host: string
      port: number
      /** The name to look for in the other side's certificate; null: the host's */
      tlsName: string | null
    }
  | { loopbackPort: number }
  | { socketPath: string }

/** What a disk reads that was never written in it. */
export interface DiskBacking {
  address: BackingAddress
  exportName: string
}
