import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'

/** Files with which a client proves itself to the hosts of a lab over TLS; virsh takes `dir` as `?pkipath=`. */
export interface ClientPki {
  dir: string
  caCertPath: string
  certPath: string
  keyPath: string
}

/** RSA, because libvirt and GnuTLS together refuse elliptic keys for servers. */
const KEY_ARGUMENTS = ['--generate-privkey', '--key-type', 'rsa', '--bits', '2048']

/** The lab's own certificate authority; it stays in `dir`, so a second start keeps all certificates. */
export class CertificateAuthority {
  private readonly dir: string
  private constructor(dir: string) {
    this.dir = dir
  }

  static async open(dir: string): Promise<CertificateAuthority> {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const authority = new CertificateAuthority(dir)
    if (await missing(join(dir, 'cacert.pem'))) {
      const template = join(dir, 'ca.template')
      await writeFile(template, 'cn=Skerry lab\nca\ncert_signing_key\nexpiration_days=3650\n')
      await run('certtool', [...KEY_ARGUMENTS, '--outfile', join(dir, 'cakey.pem')])
      const signer = ['--load-privkey', join(dir, 'cakey.pem'), '--template', template]
      await run('certtool', ['--generate-self-signed', ...signer, '--outfile', join(dir, 'cacert.pem')])
    }
    return authority
  }

  get caCertPath(): string {
    return join(this.dir, 'cacert.pem')
  }

  /** A client certificate in the layout virsh expects. */
  async client(name: string): Promise<ClientPki> {
    const dir = join(this.dir, name)
    const paths = {
      dir,
      caCertPath: join(dir, 'cacert.pem'),
      certPath: join(dir, 'clientcert.pem'),
      keyPath: join(dir, 'clientkey.pem'),
    }
    await mkdir(dir, { recursive: true, mode: 0o700 })
    await this.issue(
      paths.certPath,
      paths.keyPath,
      `cn=${name}\ntls_www_client\nsigning_key\nencryption_key\nexpiration_days=3650\n`,
    )
    await copyFile(this.caCertPath, paths.caCertPath)
    return paths
  }

  /** What a worker shows to hosts that read from it, in the layout that QEMU knows. @returns its folder */
  async server(name: string): Promise<string> {
    const dir = join(this.dir, name)
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const uses = 'tls_www_server\nsigning_key\nencryption_key'
    const content = `cn=${name}\ndns_name=${name}\n${uses}\nexpiration_days=3650\n`
    await this.issue(join(dir, 'server-cert.pem'), join(dir, 'server-key.pem'), content)
    await copyFile(this.caCertPath, join(dir, 'ca-cert.pem'))
    return dir
  }

  /** What a host finds under /etc/pki: one certificate as server and client, for libvirt and for QEMU's migrations. */
  async host(pkiDir: string, name: string, address: string): Promise<void> {
    const folders = ['CA', 'libvirt/private', 'qemu'].map((folder) => join(pkiDir, folder))
    for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 })
    const cert = join(pkiDir, 'host-cert.pem')
    const key = join(pkiDir, 'host-key.pem')
    const uses = 'tls_www_server\ntls_www_client\nsigning_key\nencryption_key'
    const names = `cn=${name}\ndns_name=${name}\nip_address=${address}`
    await this.issue(cert, key, `${names}\n${uses}\nexpiration_days=3650\n`)
    const copies: [string, string[]][] = [
      [this.caCertPath, ['CA/cacert.pem', 'qemu/ca-cert.pem']],
      [cert, ['libvirt/servercert.pem', 'libvirt/clientcert.pem', 'qemu/server-cert.pem', 'qemu/client-cert.pem']],
      [
        key,
        [
          'libvirt/private/serverkey.pem',
          'libvirt/private/clientkey.pem',
          'qemu/server-key.pem',
          'qemu/client-key.pem',
        ],
      ],
    ]
    for (const [source, targets] of copies) {
      for (const target of targets) await copyFile(source, join(pkiDir, target))
    }
  }

  /** Issues again only when what the certificate says has changed (another address, say). */
  private async issue(certPath: string, keyPath: string, content: string): Promise<void> {
    const template = `${certPath}.template`
    const same = (await readFile(template, 'utf8').catch(() => '')) === content
    if (same && !(await missing(certPath))) return
    if (await missing(keyPath)) await run('certtool', [...KEY_ARGUMENTS, '--outfile', keyPath])
    await writeFile(template, content)
    const authority = ['--load-ca-certificate', this.caCertPath, '--load-ca-privkey', join(this.dir, 'cakey.pem')]
    const request = ['--load-privkey', keyPath, '--template', template, '--outfile', certPath]
    await run('certtool', ['--generate-certificate', ...authority, ...request])
  }
}

async function missing(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    () => true,
  )
}
