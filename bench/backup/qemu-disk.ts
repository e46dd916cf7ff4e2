import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { connectNbd } from '#server/nbd/connect.ts'
import type { Change } from './image.ts'

export const exportName = 'disk'
export const bitmapName = 'since'

/** A qcow2 disk behind a real QEMU's NBD server, whose dirty bitmap knows what was written since the first state. */
export class QemuDisk {
  readonly socketPath: string
  readonly #path: string
  #server: ChildProcess | undefined

  constructor(folder: string) {
    this.#path = `${folder}/disk.qcow2`
    this.socketPath = `${folder}/nbd.sock`
  }

  /** Makes the disk from its first state and begins to note what changes. */
  make(image: string): void {
    execFileSync('qemu-img', ['convert', '-O', 'qcow2', image, this.#path])
    execFileSync('qemu-img', ['bitmap', '--add', '-g', '65536', this.#path, bitmapName])
  }

  async serve(options: readonly string[] = ['-r', '-B', bitmapName]): Promise<void> {
    await rm(this.socketPath, { force: true })
    const place = ['-k', this.socketPath, '-x', exportName, '--persistent', '--shared=8']
    this.#server = spawn('qemu-nbd', ['-f', 'qcow2', ...place, ...options, this.#path], { stdio: 'inherit' })
    while (!existsSync(this.socketPath)) await delay(20)
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (!server || server.exitCode !== null) return
    server.kill('SIGTERM')
    await once(server, 'exit')
  }

  /** Writes the changes as a guest would. */
  async write(image: string, changes: readonly Change[]): Promise<void> {
    await this.serve([])
    const client = await connectNbd({ socketPath: this.socketPath, exportName })
    const later = await open(image)
    for (const { offset, bytes } of changes) {
      const { buffer } = await later.read(Buffer.alloc(bytes), 0, bytes, offset)
      await client.write(offset, buffer)
    }
    await client.flush()
    await client.close()
    await later.close()
    await this.stop()
  }
}
