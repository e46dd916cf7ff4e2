import type { SkerryError } from '../errors.ts'

/** A socket on a host, as a path on this machine. */
export interface ReachedSocket {
  path: string
  /** What is in the way, once a connection through it has failed; undefined when the way is as it should be */
  trouble(): Promise<SkerryError | undefined>
  /** Connections through it end where it is more than a path. */
  close(): Promise<void>
}

/** A port of a host that leads to a socket on this machine. */
export interface OpenedPort {
  readonly hasEnded: boolean
  /** Resolves when it leads nowhere any more */
  close(): Promise<void>
}
