import { formatOfHeader, headerBytes } from '#server/core/format-header.ts'
import { SkerryError, unsupported } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'

/**
 * A guest can write a header into a raw disk that names any file of the host, which a copy would then read. What libvirt
 * tells of the format is no proof: it looked when it last read the pool.
 * @throws unsupported when the volume looks like another format by its own first bytes
 */
export async function requireRaw(
  host: HypervisorHost,
  volume: { pool: string; name: string },
  what: string,
  wayOut: string,
): Promise<void> {
  const format = formatOfHeader(await beginningOf(host, volume))
  if (format !== null) throw looksLike(what, format, wayOut)
}

export const looksLike = (what: string, format: string | null, wayOut: string) =>
  unsupported(`${what} can’t be copied: it is raw, and its file looks like ${format}.`, wayOut)

async function beginningOf(host: HypervisorHost, { pool, name }: { pool: string; name: string }): Promise<Buffer> {
  const read: Uint8Array[] = []
  try {
    for await (const chunk of host.downloadVolume(pool, name, { lengthBytes: headerBytes })) read.push(chunk)
  } catch (error) {
    // Of pools whose volumes it can't read libvirt copies none by their format either.
    if (!(error instanceof SkerryError && error.code === 'unsupported')) throw error
  }
  return Buffer.concat(read)
}
