import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { S3Settings } from '../s3-store.ts'

const run = promisify(execFile)
const binaries = ['ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin', 'ceph-authtool', 'monmaptool', 'ceph']

/** Why Ceph's object gateway can't run here, if so. */
export function radosgwMissing(): string | undefined {
  const missing = binaries.filter((name) => !existsSync(`/usr/bin/${name}`))
  if (missing.length > 0) return `${missing.join(', ')} not installed (Debian: ceph-mon ceph-osd radosgw ceph-common)`
  return process.getuid?.() === 0 ? undefined : 'it needs root'
}

/** A loopback port that nobody uses at the moment. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      server.close(() => (port ? resolve(port) : reject(new Error('no port was given'))))
    })
  })
}

const accessKeyId = 'skerry-test'
const secretAccessKey = 'skerry-test-secret'

/** A whole Ceph in memory, with its object gateway: a monitor, a disk, S3. It ends with this process. */
export class Radosgw {
  readonly endpoint: string
  readonly #folder: string
  readonly #processes: ChildProcess[] = []

  private constructor(folder: string, port: number) {
    this.#folder = folder
    this.endpoint = `http://127.0.0.1:${port}`
  }

  static async start(): Promise<Radosgw> {
    const folder = await mkdtemp(join(tmpdir(), 'skerry-ceph-'))
    const [monitorPort, gatewayPort] = [await freePort(), await freePort()]
    const gateway = new Radosgw(folder, gatewayPort)
    try {
      await gateway.#start(monitorPort, gatewayPort)
      return gateway
    } catch (error) {
      await gateway.stop()
      throw error
    }
  }

  settings(bucket: string): S3Settings {
    return { endpoint: this.endpoint, bucket, accessKeyId, secretAccessKey, timeoutMs: 10_000 }
  }

  async admin(...args: string[]): Promise<string> {
    const { stdout } = await run('radosgw-admin', ['-c', this.#configuration, '-n', 'client.rgw', ...args])
    return stdout
  }

  async stop(): Promise<void> {
    for (const child of this.#processes.reverse()) {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null)
        await new Promise((resolve) => child.once('exit', resolve))
    }
    await rm(this.#folder, { recursive: true, force: true })
  }

  get #configuration() {
    return join(this.#folder, 'ceph.conf')
  }

  async #start(monitorPort: number, gatewayPort: number) {
    const folder = this.#folder
    for (const name of ['mon', 'osd', 'rgw', 'run']) await mkdir(join(folder, name))
    const keyring = join(folder, 'keyring')
    const monitorMap = join(folder, 'monmap')
    const cluster = crypto.randomUUID()
    const address = `v2:127.0.0.1:${monitorPort}`
    await writeFile(this.#configuration, configuration(folder, cluster, address, gatewayPort))
    const c = ['-c', this.#configuration]
    await run('ceph-authtool', ['--create-keyring', keyring, '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *'])
    for (const name of ['client.admin', 'client.rgw', 'osd.0']) {
      const capabilities = ['mon', 'osd', 'mgr'].flatMap((kind) => ['--cap', kind, 'allow *'])
      await run('ceph-authtool', [keyring, '--gen-key', '-n', name, ...capabilities])
    }
    await run('monmaptool', ['--create', '--fsid', cluster, '--addv', 'a', `[${address}]`, monitorMap])
    await run('ceph-mon', [...c, '-i', 'a', '--mkfs', '--monmap', monitorMap, '--keyring', keyring])
    this.#spawn('ceph-mon', [...c, '-i', 'a', '-f'])
    const disk = crypto.randomUUID()
    await run('ceph', [...c, '--connect-timeout', '30', 'osd', 'new', disk])
    await run('ceph', [...c, 'osd', 'crush', 'add', 'osd.0', '1.0', 'root=default', 'host=test'])
    await run('ceph-osd', [...c, '-i', '0', '--mkfs', '--osd-uuid', disk])
    this.#spawn('ceph-osd', [...c, '-i', '0', '-f'])
    this.#spawn('radosgw', [...c, '-n', 'client.rgw', '-f'])
    await this.#answers()
    const keys = ['--access-key', accessKeyId, '--secret-key', secretAccessKey]
    await this.admin('user', 'create', '--uid', 'test', '--display-name', 'test', ...keys)
  }

  #spawn(name: string, args: string[]) {
    // Killed with us, however we end.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', name, ...args], { stdio: 'ignore' })
    this.#processes.push(child)
  }

  async #answers() {
    const until = performance.now() + 60_000
    while (performance.now() < until) {
      const answer = await fetch(this.endpoint).catch(() => undefined)
      if (answer?.ok) return
      await delay(100)
    }
    throw new Error('Ceph’s object gateway did not come up')
  }
}

const configuration = (folder: string, cluster: string, monitor: string, gatewayPort: number) => `[global]
fsid = ${cluster}
keyring = ${folder}/keyring
mon_host = [${monitor}]
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
auth_allow_insecure_global_id_reclaim = false
osd_pool_default_size = 1
osd_pool_default_min_size = 1
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
mon_max_pg_per_osd = 1000
osd_crush_chooseleaf_type = 0
run_dir = ${folder}/run
admin_socket = ${folder}/run/$name.asok
pid_file = ${folder}/run/$name.pid
log_file = ${folder}/$name.log
log_to_stderr = false
ms_bind_ipv4 = true
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
[mon]
mon_data = ${folder}/mon
mon_initial_members = a
mon_data_avail_crit = 1
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
mon_tick_interval = 1
[osd]
osd_crush_update_on_start = false
osd_data = ${folder}/osd
osd_objectstore = memstore
memstore_device_bytes = 1073741824
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:${gatewayPort}
rgw_data = ${folder}/rgw
rgw_thread_pool_size = 32
rgw_rados_pool_pg_num_min = 1
`
