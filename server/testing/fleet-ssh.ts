import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#lab/command.ts'
import { Sshd } from '#server/libvirt/testing/sshd.ts'
import type { FleetHost, TestFleet } from './fleet.ts'
import { reachAt } from './fleet-address.ts'

const account = 'keeper'
/** QEMU's own group on a lab host, and one that has nothing to do with it */
const groups = { qemu: 0, other: 4000 }

export interface SshWay {
  /** Puts the account into QEMU's group, in which it is at first, or out of it; for ssh processes from now on */
  setInGroup(isIn: boolean): Promise<void>
  /** Whether its sshd forwards ports, as its configuration says it; for ssh processes from now on */
  setForwarding(value: 'yes' | 'local'): Promise<void>
  /** Numbers of the ssh processes of this way that have to do with a socket of that name */
  tunnelsTo(socketName: string): Promise<number[]>
  /** After its host was off */
  comeBack(): Promise<void>
  close(): Promise<void>
}

/** From now on the host is reached through ssh, by an account over there that is not root but in QEMU's group. */
export async function reachOverSsh(fleet: TestFleet, host: FleetHost): Promise<SshWay> {
  const { lab } = host
  const { address } = lab
  const within = () => ['nsenter', '--target', `${lab.pid}`, '--mount', '--net', '--']
  const sshd = await Sshd.start({ address, within: within() })
  const [key, knownHosts] = await Promise.all(['client', 'known'].map((name) => readFile(sshd.at(name), 'utf8')))
  const usersPath = join(lab.dir, 'passwd')
  const users = await readFile(usersPath, 'utf8')
  const setInGroup = async (isIn: boolean) => {
    const group = isIn ? groups.qemu : groups.other
    await writeFile(usersPath, `${users}${account}:*:4000:${group}::/:/usr/sbin/nologin\n`)
  }
  const letIn = async () => {
    await setInGroup(true)
    await lab.run('chmod', '0770', '/run/libvirt/libvirt-sock')
  }
  await letIn()
  const uri = `qemu+ssh://${account}@${address}:${sshd.port}/system`
  await reachAt(fleet, host, uri, { ssh: { key: key ?? '', knownHosts: knownHosts ?? '' } })
  // Other tests have tunnels too: this address is of this lab alone.
  const ending = ` -p ${sshd.port} -l ${account} -- ${address}`
  const tunnelsTo = async (socketName: string) => {
    const lines = (await run('ps', ['-ww', '-eo', 'pid=,args='])).split('\n')
    return lines
      .filter((line) => /^ *\d+ ssh /.test(line) && line.endsWith(ending) && line.includes(socketName))
      .map((line) => Number.parseInt(line, 10))
  }
  const setForwarding = (value: string) => sshd.set('AllowTcpForwarding', value)
  const comeBack = async () => {
    await letIn()
    await sshd.restart(within())
  }
  return { setInGroup, setForwarding, tunnelsTo, comeBack, close: () => sshd.remove() }
}
