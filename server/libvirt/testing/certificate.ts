import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Certificate {
  certificatePath: string
  keyPath: string
  certificate: string
  key: string
}

async function make(folder: string, name: string, template: readonly string[], signer: readonly string[]) {
  const at = (suffix: string) => path.join(folder, `${name}.${suffix}`)
  await writeFile(at('tmpl'), [`cn = "${name}"`, 'expiration_days = 2', ...template].join('\n'))
  await run('certtool', ['--generate-privkey', '--key-type=rsa', '--bits=2048', '--outfile', at('key')])
  await run('certtool', [...signer, '--load-privkey', at('key'), '--template', at('tmpl'), '--outfile', at('pem')])
  const [certificate, key] = await Promise.all([readFile(at('pem'), 'utf8'), readFile(at('key'), 'utf8')])
  return { certificatePath: at('pem'), keyPath: at('key'), certificate, key }
}

/** An authority for tests, with its files in `folder`; RSA, because libvirt takes nothing else for its own key. */
export async function makeAuthority(folder: string, name: string) {
  const authority = await make(folder, name, ['ca', 'cert_signing_key'], ['--generate-self-signed'])
  const signer = ['--generate-certificate', '--load-ca-certificate', authority.certificatePath]
  signer.push('--load-ca-privkey', authority.keyPath)
  return {
    ...authority,
    /** A certificate for a daemon on 127.0.0.1. */
    forServer: (commonName: string): Promise<Certificate> =>
      make(folder, commonName, ['tls_www_server', 'signing_key', 'encryption_key', 'ip_address = "127.0.0.1"'], signer),
    forClient: (commonName: string): Promise<Certificate> =>
      make(folder, commonName, ['tls_www_client', 'signing_key', 'encryption_key'], signer),
  }
}
