import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'

/** What a worker shows to hosts that read from it, as PEM texts. */
export interface CloneCertificate {
  authority: string
  certificate: string
  key: string
}

const serverUse = '1.3.6.1.5.5.7.3.1'

/** @returns the certificate, or what is wrong with it, in a sentence */
export async function readCloneCertificate(folder: string | undefined): Promise<CloneCertificate | string> {
  if (folder === undefined) {
    return 'The worker has no certificate to show to hosts that read from it: an operator sets SKERRY_EXPORT_CERTIFICATE.'
  }
  try {
    const [authority = '', certificate = '', key = ''] = await Promise.all(
      ['ca-cert.pem', 'server-cert.pem', 'server-key.pem'].map((file) => readFile(join(folder, file), 'utf8')),
    )
    const uses = new X509Certificate(certificate).keyUsage
    if (uses && !uses.includes(serverUse)) return 'The worker’s certificate is not one of a server: issue it as one.'
    return { authority, certificate, key }
  } catch {
    return 'The worker’s certificate can’t be read: it needs ca-cert.pem, server-cert.pem and server-key.pem in SKERRY_EXPORT_CERTIFICATE.'
  }
}

/**
 * The name that a host shall look for in the certificate: the address when that is in it (null), else a name that is.
 * @returns undefined where it has neither
 */
export function nameToExpect(certificate: string, address: string): string | null | undefined {
  const read = new X509Certificate(certificate)
  if (isIP(address) ? read.checkIP(address) : read.checkHost(address)) return null
  const [, name] = /(?:^|, )DNS:([^,]+)/.exec(read.subjectAltName ?? '') ?? []
  return name
}
