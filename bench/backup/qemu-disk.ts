import { execFileSync } from 'node:child_process'
import { open, rm } from 'node:fs/promises'
import { connectNbd } from '#server/nbd/connect.ts'
import { QemuNbd } from '#server/nbd/testing/qemu-nbd.ts'
import type { Change } from './image.ts'

export const exportName = 'disk'
export const bitmapName = 'since'

/** A qcow2 disk behind a real QEMU's NBD server, whose dirty bitmap knows what was written since the first state. */
export class QemuDisk {
  readonly socketPath: string
  readonly #path: string
  #server: QemuNbd | undefined

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
    const place = ['-k', this.socketPath, '-x', exportName]
    this.#server = await QemuNbd.start({ socketPath: this.socketPath }, [
      '-f',
      'qcow2',
      ...place,
      ...options,
      this.#path,
    ])
  }

  async stop(): Promise<void> {
    await this.#server?.stop()
    this.#server = undefined
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
