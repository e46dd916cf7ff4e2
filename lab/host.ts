import { randomUUID } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { CertificateAuthority, ClientPki } from './certificate.ts'
import { run } from './command.ts'
import type { GuestImage } from './guest/image.ts'
import { autostartLinks, hostFiles, IMAGES_DIR, SHARED_DIR } from './host-config.ts'
import { type BoundProcess, identify, isAlive, killProcess, type ProcessIdentity, startBound } from './process.ts'
import { limitOf, type NetworkSwitch } from './switch.ts'

const SOCKET_PATH_LIMIT_BYTES = 107

export interface HostOptions {
  name: string
  site: string
  /** Number of the host in its lab, from 1: fixes its address and its port on the switch. */
  index: number
  address: string
  dir: string
  /** Storage pools by name, and the folder of this machine behind each. */
  shared: ReadonlyMap<string, string>
  image: GuestImage
  accelerator: 'kvm' | 'qemu'
  /** What libvirt found out about this machine's QEMU, kept between hosts: probing costs a new one half a second. */
  capabilityDir: string
  pki: ClientPki
  authority: CertificateAuthority
  network: NetworkSwitch
}

/** A libvirt host: daemon, guests, disks, certificates and address of its own, with a power switch. */
export class Host {
  readonly name: string
  readonly site: string
  readonly address: string
  readonly dir: string
  /** Unix socket of its daemon, reachable from this machine. */
  readonly socketPath: string
  /** libvirt URI over TLS, for a client with `pki`, and for other hosts. */
  readonly tlsUri: string
  readonly pki: ClientPki
  /** Name of its port on the lab's switch. */
  readonly port: string
  private readonly options: HostOptions
  private init: ProcessIdentity | undefined
  private whole: BoundProcess | undefined

  constructor(options: HostOptions) {
    this.options = options
    this.name = options.name
    this.site = options.site
    this.address = options.address
    this.dir = options.dir
    this.socketPath = join(options.dir, 'run', 'libvirt-sock')
    this.tlsUri = `qemu+tls://${options.address}/system`
    this.pki = options.pki
    this.port = `h${options.index}`
    if (Buffer.byteLength(this.socketPath) > SOCKET_PATH_LIMIT_BYTES) {
      throw new Error(`${this.socketPath} is too long for a socket: put the lab into a shorter folder`)
    }
  }

  /** What its guests run with. */
  get accelerator(): 'kvm' | 'qemu' {
    return this.options.accelerator
  }

  /** Files for its guests, on this machine; a host sees them under the same paths. */
  get image(): GuestImage {
    return this.options.image
  }

  get isOn(): boolean {
    return this.init !== undefined && isAlive(this.init)
  }

  /** Number of the host's first process on this machine, for nsenter. Throws when the host is off. */
  get pid(): number {
    if (!this.init || !isAlive(this.init)) throw new Error(`The host ${this.name} is off`)
    return this.init.pid
  }

  /** Runs virsh on this machine against the host's daemon and returns what it printed. */
  virsh(...args: string[]): Promise<string> {
    return run('virsh', ['-q', '-c', `qemu+unix:///system?socket=${this.socketPath}`, ...args], { timeoutMs: 120_000 })
  }

  /** Runs a program on the host, as root, and returns what it printed. */
  run(file: string, ...args: string[]): Promise<string> {
    return run('nsenter', [...this.enter(), file, ...args], { timeoutMs: 120_000 })
  }

  /** Where this machine finds a file of the host, for paths below /var/lib/libvirt and /var/log/libvirt. */
  outsidePath(path: string): string {
    for (const [name, folder] of this.options.shared) {
      const inside = `${SHARED_DIR}/${name}/`
      if (path.startsWith(inside)) return join(folder, path.slice(inside.length))
    }
    for (const [inside, folder] of [
      ['/var/lib/libvirt/', 'lib'],
      ['/var/log/libvirt/', 'log'],
      ['/etc/libvirt/', 'etc'],
    ] as const) {
      if (path.startsWith(inside)) return join(this.dir, folder, path.slice(inside.length))
    }
    throw new Error(`${path} is not a path of the host ${this.name}`)
  }

  /** Switches the host on and starts its daemon. Guests stay off, as after any power failure. */
  async powerOn(): Promise<void> {
    if (this.isOn) return
    await this.prepare()
    const { address, network, shared, image } = this.options
    const namespaces = ['--net', '--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child']
    const shares = [...shared].map(([name, path]) => `${name}=${path}`)
    const script = join(import.meta.dirname, 'host-init.sh')
    const mac = `02:53:4b:00:00:${this.options.index.toString(16).padStart(2, '0')}`
    const args = [this.dir, this.name, `${address}/24`, mac, image.templatePath, ...shares]
    this.whole = await startBound(['unshare', ...namespaces, 'sh', script, ...args])
    const init = identify(Number(this.whole.firstLine))
    if (!init) throw new Error(`The host ${this.name} did not start`)
    this.init = init
    await network.slot.remember(init.pid)
    await network.connect(this.port, init.pid)
    await run('nsenter', ['--target', `${init.pid}`, '--net', '--', 'ip', 'link', 'set', 'eth0', 'master', 'br0', 'up'])
    await this.startDaemon()
  }

  /** The power fails: daemon and guests are gone at once, disks and definitions stay. */
  async powerOff(): Promise<void> {
    if (this.init) await killProcess(this.init)
    this.init = undefined
    // The last to end is the one that waits for all the others.
    await this.whole?.ended()
  }

  /** Starts libvirtd and returns when it answers. */
  async startDaemon(): Promise<void> {
    await this.run('/usr/sbin/libvirtd', '--daemon', '--listen', '--pid-file', '/run/libvirt/libvirtd.pid')
    await this.virsh('uri')
    await this.keepCapabilities()
  }

  /** Ends libvirtd; guests go on. */
  async stopDaemon(): Promise<void> {
    const wait = 'while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done'
    await this.run('sh', '-c', `read -r pid </run/libvirt/libvirtd.pid; kill "$pid"; ${wait}`)
  }

  /** The daemon hangs: connections stay open and nothing answers. */
  async freezeDaemon(): Promise<void> {
    await this.run('sh', '-c', 'kill -STOP $(cat /run/libvirt/libvirtd.pid)')
  }

  async thawDaemon(): Promise<void> {
    await this.run('sh', '-c', 'kill -CONT $(cat /run/libvirt/libvirtd.pid)')
  }

  /** The cable is pulled: nothing of the host or its guests reaches anyone; its local socket still answers. */
  async cutLink(): Promise<void> {
    await this.options.network.setPort(this.port, false)
  }

  async restoreLink(): Promise<void> {
    await this.options.network.setPort(this.port, true)
  }

  /** Its link carries no more than this each way until it is told null, or the power fails. */
  async limitLink(bytesPerSecond: number | null): Promise<void> {
    await this.options.network.limitPort(this.port, bytesPerSecond)
    await this.run('tc', ...limitOf('eth0', bytesPerSecond))
  }

  /** Names of the guests that ran when the power went, read from what the daemon left behind. Ask before `powerOn`. */
  async interruptedGuests(): Promise<string[]> {
    const files = await readdir(join(this.dir, 'run', 'qemu')).catch(() => [])
    return files.filter((name) => name.endsWith('.xml')).map((name) => name.slice(0, -'.xml'.length))
  }

  /** Folders, configuration and certificates; what exists stays, only the traces of the last run go. */
  private async prepare(): Promise<void> {
    const { address, authority, capabilityDir, dir, name, shared } = this.options
    await rm(join(dir, 'run'), { recursive: true, force: true })
    const folders = [
      'run',
      'etc/storage/autostart',
      'etc/qemu/networks/autostart',
      'log/qemu',
      'cache/qemu/capabilities',
      'pki',
    ]
    folders.push(
      `lib/${IMAGES_DIR.split('/').pop()}`,
      'lib/templates',
      ...[...shared.keys()].map((pool) => `lib/shared/${pool}`),
    )
    for (const folder of folders) await mkdir(join(dir, folder), { recursive: true })
    for (const path of shared.values()) await mkdir(path, { recursive: true })
    const certificates = authority.host(join(dir, 'pki'), name, address)
    await writeFile(join(dir, 'lib/templates', basename(this.options.image.templatePath)), '', { flag: 'a' })
    const settings = { uuid: await this.uuid(), address, shared: [...shared.keys()] }
    for (const [path, content] of hostFiles(settings)) {
      // libvirt rewrites its own objects (with an uuid); only the daemon's settings are ours at each start.
      await writeFile(join(dir, 'etc', path), content, { flag: path.endsWith('.conf') ? 'w' : 'wx' }).catch(
        ignoreExisting,
      )
    }
    for (const [path, target] of autostartLinks(settings))
      await symlink(target, join(dir, 'etc', path)).catch(ignoreExisting)
    for (const file of await readdir(capabilityDir).catch(() => [])) {
      await copyFile(join(capabilityDir, file), join(dir, 'cache/qemu/capabilities', file))
    }
    await certificates
  }

  private async uuid(): Promise<string> {
    const path = join(this.dir, 'uuid')
    const kept = await readFile(path, 'utf8').catch(() => '')
    if (kept) return kept
    const uuid = randomUUID()
    await writeFile(path, uuid)
    return uuid
  }

  private async keepCapabilities(): Promise<void> {
    const { capabilityDir, dir } = this.options
    if ((await readdir(capabilityDir).catch(() => [])).length > 0) return
    await this.virsh('capabilities')
    await mkdir(capabilityDir, { recursive: true })
    const found = join(dir, 'cache/qemu/capabilities')
    for (const file of await readdir(found)) await copyFile(join(found, file), join(capabilityDir, file))
  }

  private enter(): string[] {
    return ['--target', `${this.pid}`, '--mount', '--uts', '--ipc', '--net', '--pid', '--']
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}
