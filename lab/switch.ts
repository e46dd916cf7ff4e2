import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'
import { startBound } from './process.ts'
import { rootLinkName, type Slot, subnetPrefix } from './slot.ts'

const ROOT_PORT = 'root'

/**
 * The network of a lab: a bridge in a namespace of its own that lives as long as its one process, with a port for this machine and one for
 * each host. Addresses: .1 this machine, .2 the switch (DHCP for guests from .100 on), .11 and up the hosts.
 */
export class NetworkSwitch {
  readonly slot: Slot
  private readonly pid: number
  private readonly drops = new Set<string>()
  private constructor(slot: Slot, pid: number) {
    this.slot = slot
    this.pid = pid
  }

  static async start(slot: Slot, dir: string): Promise<NetworkSwitch> {
    const prefix = subnetPrefix(slot.number)
    const { child } = await startBound(['unshare', '--net', 'sh', '-c', 'echo ready; exec sleep 2147483647'])
    if (!child.pid) throw new Error('The network switch did not start')
    await slot.remember(child.pid)
    const network = new NetworkSwitch(slot, child.pid)
    const link = rootLinkName(slot.number)
    await network.inside(
      'ip',
      ['-batch', '-'],
      [
        'link set lo up',
        'link add sw type bridge',
        `addr add ${prefix}.2/24 dev sw`,
        'link set sw up',
        `link add ${ROOT_PORT} type veth peer name ${link} netns ${process.pid}`,
        `link set ${ROOT_PORT} master sw up`,
      ],
    )
    await run('ip', ['-batch', '-'], { input: `addr add ${prefix}.1/24 dev ${link}\nlink set ${link} up\n` })
    await network.startDhcp(dir, prefix)
    return network
  }

  /** Joins a host's namespace to the switch: its end is `eth0`, not yet up. */
  async connect(port: string, hostPid: number): Promise<void> {
    // Whoever came into the host from outside, as a test's sshd does, keeps what the last power failure left of it.
    await this.inside('ip', ['link', 'delete', port]).catch(() => undefined)
    await this.inside(
      'ip',
      ['-batch', '-'],
      [`link add ${port} type veth peer name eth0 netns ${hostPid}`, `link set ${port} master sw up`],
    )
  }

  async setPort(port: string, up: boolean): Promise<void> {
    await this.inside('ip', ['link', 'set', port, up ? 'up' : 'down'])
  }

  /** Carries no more than this towards the host at a port; null: whatever it can. */
  async limitPort(port: string, bytesPerSecond: number | null): Promise<void> {
    await this.inside('tc', limitOf(port, bytesPerSecond))
  }

  /** Drops all traffic between the given pairs of ports, both ways, and no other. `undefined` stands for this machine. */
  async setDrops(pairs: readonly (readonly [string | undefined, string | undefined])[]): Promise<void> {
    this.drops.clear()
    for (const [from = ROOT_PORT, to = ROOT_PORT] of pairs) {
      if (from === to) continue
      this.drops.add(`"${from}" . "${to}"`).add(`"${to}" . "${from}"`)
    }
    const rule = this.drops.size > 0 ? `iifname . oifname { ${[...this.drops].join(', ')} } drop` : ''
    const chain = `chain forward {\ntype filter hook forward priority 0; policy accept\n${rule}\n}`
    await this.inside(
      'nft',
      ['-f', '-'],
      ['table bridge lab', 'delete table bridge lab', `table bridge lab {\n${chain}\n}`],
    )
  }

  private async startDhcp(dir: string, prefix: string): Promise<void> {
    const runDir = join(dir, 'dhcp')
    await mkdir(runDir, { recursive: true })
    const config = join(runDir, 'udhcpd.conf')
    await writeFile(join(runDir, 'leases'), '')
    await writeFile(
      config,
      [
        `start ${prefix}.100`,
        `end ${prefix}.250`,
        'interface sw',
        `lease_file ${join(runDir, 'leases')}`,
        `pidfile ${join(runDir, 'pid')}`,
        'option subnet 255.255.255.0',
        `option router ${prefix}.1`,
        '',
      ].join('\n'),
    )
    const target = ['nsenter', '--target', `${this.pid}`, '--net', '--']
    const { child } = await startBound([
      ...target,
      'sh',
      '-c',
      'echo ready; exec busybox udhcpd -f "$0" >/dev/null 2>&1',
      config,
    ])
    if (child.pid) await this.slot.remember(child.pid)
  }

  private async inside(file: string, args: string[], lines: string[] = []): Promise<void> {
    await run('nsenter', ['--target', `${this.pid}`, '--net', '--', file, ...args], { input: `${lines.join('\n')}\n` })
  }
}

/** What tc is told, so that a network card sends no faster. */
export const limitOf = (device: string, bytesPerSecond: number | null): string[] =>
  bytesPerSecond === null
    ? ['qdisc', 'del', 'dev', device, 'root']
    : [
        ...['qdisc', 'replace', 'dev', device, 'root', 'tbf'],
        ...['rate', `${bytesPerSecond * 8}bit`, 'burst', '256kb', 'latency', '200ms'],
      ]
