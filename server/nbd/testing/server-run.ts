import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { NbdExport } from '../export.ts'
import { NbdServer, type NbdServerOptions } from '../server.ts'
import { RawClient } from './raw-client.ts'

/** Servers and raw clients of a test file, all of which end with it. */
export class ServerRun {
  readonly folder: string
  readonly #servers: NbdServer[] = []
  readonly #clients: RawClient[] = []
  #count = 0

  private constructor(folder: string) {
    this.folder = folder
  }

  static async begin(): Promise<ServerRun> {
    return new ServerRun(await mkdtemp(path.join(tmpdir(), 'skerry-nbd-')))
  }

  async serve(exports: Record<string, NbdExport>, options: Partial<NbdServerOptions> = {}) {
    const socketPath = path.join(this.folder, `${++this.#count}.sock`)
    const server = await NbdServer.start({
      listen: { socketPath },
      open: (name) => exports[name],
      list: () => Object.keys(exports),
      ...options,
    })
    this.#servers.push(server)
    return { server, socketPath }
  }

  rawClient(socketPath: string): RawClient {
    const client = new RawClient(socketPath)
    this.#clients.push(client)
    return client
  }

  /** After each test. */
  async clear(): Promise<void> {
    for (const { socket } of this.#clients.splice(0)) socket.destroy()
    await Promise.all(this.#servers.splice(0).map((server) => server.close()))
  }

  async end(): Promise<void> {
    await this.clear()
    await rm(this.folder, { recursive: true, force: true })
  }
}
