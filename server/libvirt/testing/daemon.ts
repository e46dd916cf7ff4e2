import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Host } from '../host.ts'
import { unixTransport } from '../transport/socket.ts'
import { takesConnections } from '../transport/takes-connections.ts'

const run = promisify(execFile)

/**
 * Gives the daemon folders of its own where libvirt's paths are fixed (and the account that its QEMU driver looks for), so that several can live beside each other, and
 * ties its life to the pipe on standard input.
 */
const contained = `set -e
mount --make-rprivate /
for folder in /etc/libvirt /run/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt; do
  mkdir -p "$folder"; mount -t tmpfs tmpfs "$folder"
done
printf '%s\\n' 'user = "root"' 'group = "root"' 'security_driver = "none"' 'stdio_handler = "file"' > /etc/libvirt/qemu.conf
id libvirt-qemu >/dev/null 2>&1 || {
  { cat /etc/passwd; echo libvirt-qemu:x:64055:64055::/nonexistent:/bin/false; } > /etc/libvirt/passwd
  { cat /etc/group; echo libvirt-qemu:x:64055:; } > /etc/libvirt/group
  mount --bind /etc/libvirt/passwd /etc/passwd; mount --bind /etc/libvirt/group /etc/group
}
exec 3<&0 0</dev/null
"$@" 3<&- & daemon=$!
{ cat <&3; kill $daemon; } >/dev/null 2>&1 &
exec 3<&-
trap 'kill $daemon' TERM
wait $daemon`

export interface DaemonOptions {
  /** Lines for the daemon's configuration file. */
  settings?: readonly string[]
  listen?: boolean
}

/** A private libvirtd with a socket in a folder of its own. Needs root. */
export class Daemon {
  readonly folder: string
  readonly #options: DaemonOptions
  #process: ChildProcess | undefined
  #said = ''

  private constructor(folder: string, options: DaemonOptions) {
    this.folder = folder
    this.#options = options
  }

  static async start(options: DaemonOptions = {}): Promise<Daemon> {
    const folder = await mkdtemp(path.join(tmpdir(), 'libvirtd-'))
    const daemon = new Daemon(folder, options)
    await mkdir(path.join(folder, 'sock'))
    try {
      await daemon.resume()
      return daemon
    } catch (error) {
      await daemon.remove()
      throw error
    }
  }

  get socketPath(): string {
    return path.join(this.folder, 'sock', 'libvirt-sock')
  }

  /** Starts the daemon again after `stop`, under the same paths. */
  async resume() {
    const configPath = path.join(this.folder, 'libvirtd.conf')
    const settings = [
      `unix_sock_dir = "${path.join(this.folder, 'sock')}"`,
      'auth_unix_rw = "none"',
      'log_outputs = "3:stderr"',
      ...(this.#options.settings ?? []),
    ]
    await writeFile(configPath, `${settings.join('\n')}\n`)
    const command = ['libvirtd', '-f', configPath, '-p', path.join(this.folder, 'pid')]
    if (this.#options.listen) command.push('--listen')
    const child = spawn('unshare', ['--mount', 'sh', '-c', contained, 'sh', ...command], {
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    this.#process = child
    child.stderr.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-8192)
    })
    for (let attempt = 0; attempt < 500; attempt++) {
      if (await takesConnections(this.socketPath)) return
      if (child.exitCode !== null) break
      await delay(20)
    }
    throw new Error(`libvirtd did not start: ${this.#said}`)
  }

  /** The daemon's own process. */
  async pid(): Promise<number> {
    return Number(await readFile(path.join(this.folder, 'pid'), 'utf8'))
  }

  /** A host that is connected to it; close it before the daemon goes. */
  async connect(uri: string): Promise<Host> {
    const reconnect = { shortestMs: 20, longestMs: 100 }
    const host = new Host({ transport: unixTransport(this.socketPath), uri, reconnect })
    host.start()
    await new Promise<void>((resolve) => host.once('connected', () => resolve()))
    return host
  }

  /** What libvirt's own shell prints. */
  async virsh(uri: string, ...args: string[]): Promise<string> {
    const [driver, rest] = uri.split('://')
    const remote = `${driver}+unix://${rest}?socket=${this.socketPath}`
    const { stdout } = await run('virsh', ['-c', remote, ...args], { maxBuffer: 64 * 1024 * 1024 })
    return stdout.trim()
  }

  /** Ends the daemon, in order or as a crash would; its folder stays for `resume`. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM') {
    const child = this.#process
    if (!child || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('close', resolve))
    const pid = await this.pid().catch(() => undefined)
    if (pid) process.kill(pid, signal)
    else child.stdin?.end()
    await ended
    this.#process = undefined
  }

  async remove() {
    await this.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}
