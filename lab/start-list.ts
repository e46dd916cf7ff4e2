import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Guests that shall run but have not booted yet, one empty file each: a lab that ends while guests still wait for their
 * turn starts them the next time. `<host>_<guest>`, because a host's name has no underscore.
 */
export class StartList {
  readonly #dir: string

  private constructor(dir: string) {
    this.#dir = dir
  }

  static async open(labDir: string): Promise<StartList> {
    const dir = join(labDir, 'to-start')
    await mkdir(dir, { recursive: true })
    return new StartList(dir)
  }

  async read(): Promise<{ host: string; guest: string }[]> {
    const names = await readdir(this.#dir)
    return names.sort().map((name) => {
      const end = name.indexOf('_')
      return { host: name.slice(0, end), guest: name.slice(end + 1) }
    })
  }

  add(host: string, guest: string): Promise<void> {
    return writeFile(join(this.#dir, `${host}_${guest}`), '')
  }

  remove(host: string, guest: string): Promise<void> {
    return rm(join(this.#dir, `${host}_${guest}`), { force: true })
  }
}
