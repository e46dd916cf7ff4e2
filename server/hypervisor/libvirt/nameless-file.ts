import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { unsupported } from '../../errors.ts'

/** Linux's O_TMPFILE, which Node does not name: a file that no folder lists and that ends with its last opener. */
const temporary = 0o20000000 | constants.O_DIRECTORY

/**
 * A file with a text in it that programs of this account can open under its path as long as this process lives and has
 * not closed it. @throws unsupported where the system has no such files
 */
export function namelessFile(text: string): { path: string; close(): void } {
  const file = openNameless()
  writeSync(file, text)
  return { path: `/proc/${process.pid}/fd/${file}`, close: () => closeSync(file) }
}

/** In memory, where the machine has it. */
function openNameless(): number {
  for (const folder of ['/dev/shm', tmpdir()]) {
    try {
      return openSync(folder, temporary | constants.O_RDWR, 0o600)
    } catch {
      // The next one may do.
    }
  }
  throw unsupported(
    'An ssh key must lie in no folder, and this system has no files without a name.',
    'Run the worker on Linux, or reach the host over TLS.',
  )
}
