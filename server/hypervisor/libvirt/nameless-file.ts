import { closeSync, constants, existsSync, openSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'

/** Linux's O_TMPFILE, which Node does not name: a file that no folder lists and that ends with its last opener. */
const temporary = 0o20000000 | constants.O_DIRECTORY
/** In memory, where the machine has it. */
const folders = ['/dev/shm', tmpdir()]

/**
 * A file with a text in it that programs of this account can open under its path as long as this process lives and has
 * not closed it.
 */
export function namelessFile(text: string): { path: string; close(): void } {
  const folder = folders.find((each) => existsSync(each)) ?? tmpdir()
  const file = openSync(folder, temporary | constants.O_RDWR, 0o600)
  writeSync(file, text)
  return { path: `/proc/${process.pid}/fd/${file}`, close: () => closeSync(file) }
}
