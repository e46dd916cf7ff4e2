import { closeSync, constants, existsSync, openSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { unsupported } from '../../errors.ts'

/** Linux's O_TMPFILE, which Node does not name: a file that no folder lists and that ends with its last opener. */
const temporary = 0o20000000 | constants.O_DIRECTORY
/** In memory, where the machine has it. */
const folders = ['/dev/shm', tmpdir()]

const wayOut = 'Run the worker on Linux, or reach the host over TLS.'

/**
 * A file with a text in it that programs of this account can open under its path as long as this process lives and has
 * not closed it. @throws unsupported on other systems
 */
export function namelessFile(text: string): { path: string; close(): void } {
  if (process.platform !== 'linux') throw unsupported('Only Linux keeps an ssh key without a file’s name.', wayOut)
  const folder = folders.find((each) => existsSync(each)) ?? tmpdir()
  const file = openSync(folder, temporary | constants.O_RDWR, 0o600)
  writeSync(file, text)
  return { path: `/proc/${process.pid}/fd/${file}`, close: () => closeSync(file) }
}
