import { chmod, chown, mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type GuestPlan, guestPlans, type SitePlan, sharedPoolName, sitePlans, tenantPlans } from './fleet-plan.ts'
import { serialLogPath, stableUuid } from './guest/definition.ts'
import { createGuest, waitForBoot } from './guest/guest.ts'
import type { Host } from './host.ts'
import { Lab } from './lab.ts'
import { StartList } from './start-list.ts'

/** Guests that boot at the same time: more only makes each of them slower. */
const BOOTS_AT_ONCE = 2
const BOOT_TIMEOUT_MS = 60_000
/** How long a guest that isn't ours may have the processor before the next one starts. */
const UNKNOWN_BOOT_MS = 5_000

/** What Skerry is told about the standing fleet, as `fleet.json` in the lab's folder. */
export interface FleetDescription {
  accelerator: 'kvm' | 'qemu'
  sites: { key: string; name: string; kind: 'region' | 'edge'; lat: number; lon: number }[]
  tenants: { key: string; name: string }[]
  hosts: {
    name: string
    siteKey: string
    address: string
    tlsUri: string
    socketPath: string
    pki: { dir: string; caCertPath: string; certPath: string; keyPath: string }
  }[]
  guests: { name: string; uuid: string; tenantKey: string; tags: string[]; host: string }[]
}

export interface FleetOptions {
  /** Keeps disks and definitions between starts. */
  dir: string
  imageDir?: string
  /** Told of each step as it is done. */
  onStep: (message: string) => void
}

export interface Fleet {
  lab: Lab
  description: FleetDescription
  /** Fulfilled when the guests that should run have booted. */
  guestsUp: Promise<void>
  /** Ends everything; the next start goes on with the guests that ran. */
  stop: () => Promise<void>
}

/** Brings the hosts of the standing fleet up and writes `fleet.json`; guests follow in the background. */
export async function startFleet({ dir, imageDir, onStep }: FleetOptions): Promise<Fleet> {
  await mkdir(dir, { recursive: true })
  const descriptionPath = join(dir, 'fleet.json')
  await rm(descriptionPath, { force: true })
  const lab = await Lab.create({ id: 'fleet', dir, ...(imageDir ? { imageDir } : {}) })
  let isStopping = false
  try {
    onStep(
      `Network, certificates and guest image are ready (guests run with ${lab.accelerator === 'kvm' ? 'KVM' : 'emulation'})`,
    )
    const interrupted = await startHosts(lab)
    onStep(`${lab.hosts.length} hosts are up`)
    const description = describe(lab)
    await writeDescription(descriptionPath, description)
    await giveToCaller(lab, descriptionPath)
    const guestsUp = startGuests(lab, interrupted, onStep, () => isStopping)
    return {
      lab,
      description,
      guestsUp,
      stop: async () => {
        isStopping = true
        await rm(descriptionPath, { force: true })
        await lab.destroy()
        await guestsUp.catch(() => undefined)
      },
    }
  } catch (error) {
    await lab.destroy()
    throw error
  }
}

/** Returns, by host, the guests that ran when the fleet last ended. */
async function startHosts(lab: Lab): Promise<Map<Host, string[]>> {
  const interrupted = new Map<Host, string[]>()
  for (const site of sitePlans) {
    const pool = sharedPoolName(site)
    for (const name of site.hosts) {
      const host = await lab.defineHost({ name, site: site.key, shared: pool ? [pool] : [] })
      interrupted.set(host, await host.interruptedGuests())
    }
  }
  await Promise.all(lab.hosts.map((host) => host.powerOn()))
  return interrupted
}

async function startGuests(
  lab: Lab,
  interrupted: ReadonlyMap<Host, string[]>,
  onStep: (message: string) => void,
  isStopping: () => boolean,
): Promise<void> {
  const queue: { host: Host; name: string; create?: GuestPlan }[] = []
  const isNew = await unseen(lab.dir)
  const startList = await StartList.open(lab.dir)
  for (const [host, names] of interrupted) for (const name of names) await startList.add(host.name, name)
  for (const { host: hostName, guest } of await startList.read()) {
    const host = lab.hosts.find((each) => each.name === hostName)
    const plan = guestPlans.find(({ name }) => name === guest)
    if (host && !(plan && isNew(plan))) queue.push({ host, name: guest })
  }
  for (const plan of guestPlans) {
    const host = lab.hosts.find((each) => each.name === plan.host)
    if (host && isNew(plan)) queue.push({ host, name: plan.name, create: plan })
  }
  let up = 0
  const total = queue.length
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next && !isStopping(); next = queue.shift()) {
      try {
        if (next.create) {
          await startList.add(next.host.name, next.name)
          await create(lab, next.host, next.create)
        }
        await boot(next.host, next.name)
        await startList.remove(next.host.name, next.name)
        up += 1
        if (!isStopping()) onStep(`${next.name} runs on ${next.host.name} (${up} of ${total})`)
      } catch (error) {
        if (isStopping()) continue
        await startList.remove(next.host.name, next.name)
        onStep(`${next.name} did not start: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
  await Promise.all(Array.from({ length: BOOTS_AT_ONCE }, work))
}

async function create(lab: Lab, host: Host, plan: GuestPlan): Promise<void> {
  const pool = plan.isShared ? sharedPoolName(siteOf(host.name)) : undefined
  await createGuest(host, {
    name: plan.name,
    uuid: stableUuid(plan.name),
    memoryMib: plan.memoryMib,
    vcpus: plan.vcpus,
    ...(pool ? { pool } : {}),
    bootsFromDisk: true,
    command: plan.isBusy ? 'files; load wave' : 'files',
  })
  await writeFile(join(lab.dir, 'created', plan.name), '')
}

/** A planned guest is made once: one that was deleted or moved since is left as it is. */
async function unseen(dir: string): Promise<(plan: GuestPlan) => boolean> {
  await mkdir(join(dir, 'created'), { recursive: true })
  const created = new Set(await readdir(join(dir, 'created')))
  return (plan) => !created.has(plan.name)
}

async function boot(host: Host, name: string): Promise<void> {
  const log = host.outsidePath(serialLogPath(name))
  const isOurs = await truncate(log).then(
    () => true,
    () => guestPlans.some((plan) => plan.name === name),
  )
  await host.virsh('start', name)
  if (isOurs) await waitForBoot(host, name, 1, BOOT_TIMEOUT_MS)
  else await sleep(UNKNOWN_BOOT_MS)
}

function describe(lab: Lab): FleetDescription {
  return {
    accelerator: lab.accelerator,
    sites: sitePlans.map(({ key, name, kind, lat, lon }) => ({ key, name, kind, lat, lon })),
    tenants: [...tenantPlans],
    hosts: lab.hosts.map(({ name, site, address, tlsUri, socketPath, pki }) => ({
      ...{ name, siteKey: site, address, tlsUri, socketPath },
      pki: { ...pki },
    })),
    guests: guestPlans.map(({ name, tenantKey, tags, host }) => ({
      name,
      uuid: stableUuid(name),
      tenantKey,
      tags: [...tags],
      host,
    })),
  }
}

async function writeDescription(path: string, description: FleetDescription): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(description, null, 2)}\n`)
  await rename(`${path}.new`, path)
}

/** Started through sudo, the lab belongs to root; what Skerry itself must read goes to the person who called. */
async function giveToCaller(lab: Lab, descriptionPath: string): Promise<void> {
  const uid = Number(process.env.SUDO_UID)
  const gid = Number(process.env.SUDO_GID)
  if (!uid || !gid) return
  await chmod(join(lab.dir, 'pki'), 0o711)
  const { dir, caCertPath, certPath, keyPath } = lab.pki
  const exports = lab.exportPkiDir
  const served = ['ca-cert.pem', 'server-cert.pem', 'server-key.pem'].map((file) => join(exports, file))
  const ours = [descriptionPath, dir, caCertPath, certPath, keyPath, exports, ...served]
  for (const path of ours) await chown(path, uid, gid)
}

/** The standing fleet as a running lab described it in its folder, or undefined while its hosts are not up. */
export async function readFleet(dir: string): Promise<FleetDescription | undefined> {
  const text = await readFile(join(dir, 'fleet.json'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as FleetDescription)
}

function siteOf(hostName: string): SitePlan {
  const site = sitePlans.find((each) => each.hosts.includes(hostName))
  if (!site) throw new Error(`No site has a host ${hostName}`)
  return site
}
