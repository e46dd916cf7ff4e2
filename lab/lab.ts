import { writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CertificateAuthority, type ClientPki } from './certificate.ts'
import { probeAccelerator } from './guest/accelerator.ts'
import { type GuestImage, guestImage } from './guest/image.ts'
import { Host } from './host.ts'
import { Slot, subnetPrefix, sweepSlots } from './slot.ts'
import { NetworkSwitch } from './switch.ts'

/** Where the guest image is kept unless a caller says otherwise: shared by the standing lab and all tests. */
export const DEFAULT_IMAGE_DIR = resolve(import.meta.dirname, '../.data/lab/image')

export interface LabOptions {
  /** For messages only; any text. */
  id?: string
  /** Folder for everything of this lab; kept at the end. Without one, a temporary folder that goes with the lab. */
  dir?: string
  imageDir?: string
}

export interface AddHostOptions {
  name: string
  /** Hosts of one site can be cut off from another site. Default: the host's own name. */
  site?: string
  /** Storage pools, by name; hosts of the lab that give the same name see the same files. */
  shared?: readonly string[]
}

/** Hosts on a network of their own on this machine. Everything ends with the process that made it. Needs root. */
export class Lab {
  readonly id: string
  readonly dir: string
  readonly imageDir: string
  readonly image: GuestImage
  /** What guests run with on this machine: KVM where a guest was seen to boot with it, else emulation. */
  readonly accelerator: 'kvm' | 'qemu'
  /** What Skerry needs to speak to the hosts over TLS. */
  readonly pki: ClientPki
  /** With what Skerry proves itself to hosts that read from it. */
  readonly exportPkiDir: string
  readonly hosts: Host[] = []
  private readonly authority: CertificateAuthority
  private readonly network: NetworkSwitch
  private readonly capabilityDir: string
  private readonly cuts = new Set<string>()

  private constructor(
    parts: Pick<Lab, 'id' | 'dir' | 'imageDir' | 'image' | 'accelerator' | 'pki' | 'exportPkiDir'> & {
      authority: CertificateAuthority
      network: NetworkSwitch
      capabilityDir: string
    },
  ) {
    this.id = parts.id
    this.dir = parts.dir
    this.imageDir = parts.imageDir
    this.image = parts.image
    this.accelerator = parts.accelerator
    this.pki = parts.pki
    this.exportPkiDir = parts.exportPkiDir
    this.authority = parts.authority
    this.network = parts.network
    this.capabilityDir = parts.capabilityDir
  }

  /** This machine's own address on the lab's network. */
  get gateway(): string {
    return `${subnetPrefix(this.network.slot.number)}.1`
  }

  /** Makes the network and the certificates of a lab; the guest image too if it isn't there yet (a few seconds). */
  static async create(options: LabOptions = {}): Promise<Lab> {
    if (process.getuid?.() !== 0)
      throw new Error('The lab needs root: it makes network namespaces and starts libvirt daemons')
    await sweepSlots()
    const imageDir = options.imageDir ?? DEFAULT_IMAGE_DIR
    const disposableDir = options.dir ? undefined : await mkdtemp(join(tmpdir(), 'skerry-lab-'))
    const dir = resolve(options.dir ?? disposableDir ?? '')
    if (dir.startsWith('/run/')) throw new Error('A lab can not live below /run: its hosts have a /run of their own')
    const id = options.id ?? dir
    await mkdir(dir, { recursive: true })
    const slotPath = join(dir, 'slot')
    const preferred = Number(await readFile(slotPath, 'utf8').catch(() => '0'))
    const slot = await Slot.claim(id, preferred || undefined, disposableDir)
    try {
      await writeFile(slotPath, `${slot.number}`)
      const [image, authority, network] = await Promise.all([
        guestImage(imageDir),
        CertificateAuthority.open(join(dir, 'pki')),
        NetworkSwitch.start(slot, dir),
        mkdir(join(dir, 'hosts'), { recursive: true }).then(() =>
          writeFile(join(dir, 'hosts', 'hosts'), '127.0.0.1 localhost\n'),
        ),
      ])
      const capabilityDir = join(imageDir, `capabilities-${await hypervisorVersion()}`)
      const accelerator = await probeAccelerator(image, imageDir)
      return new Lab({
        id,
        dir,
        imageDir,
        image,
        accelerator,
        pki: await authority.client('skerry'),
        exportPkiDir: await authority.server('skerry-worker'),
        authority,
        network,
        capabilityDir,
      })
    } catch (error) {
      await slot.release()
      throw error
    }
  }

  /** Removes what labs left behind whose process was killed; returns their ids. Labs that live are not touched. */
  static sweep(): Promise<string[]> {
    return sweepSlots()
  }

  /** A host, switched on and answering. Names it by the lab's folder: one of the same name from an earlier run keeps its disks and guests. */
  async addHost(options: AddHostOptions): Promise<Host> {
    const host = await this.defineHost(options)
    await host.powerOn()
    return host
  }

  /** As `addHost`, but left off. */
  async defineHost(options: AddHostOptions): Promise<Host> {
    if (this.hosts.some((host) => host.name === options.name))
      throw new Error(`There is a host ${options.name} already`)
    const index = this.hosts.length + 1
    const host = new Host({
      name: options.name,
      site: options.site ?? options.name,
      index,
      address: `${subnetPrefix(this.network.slot.number)}.${10 + index}`,
      dir: join(this.dir, 'hosts', options.name),
      shared: new Map((options.shared ?? []).map((name) => [name, join(this.dir, 'shared', name)])),
      image: this.image,
      accelerator: this.accelerator,
      capabilityDir: this.capabilityDir,
      pki: this.pki,
      authority: this.authority,
      network: this.network,
    })
    this.hosts.push(host)
    const names = this.hosts.map((each) => `${each.address} ${each.name}\n`)
    // Written in place: every host has this very file as its /etc/hosts. At once, so that hosts made together are all in it.
    writeFileSync(join(this.dir, 'hosts', 'hosts'), `127.0.0.1 localhost\n${names.join('')}`)
    if (this.cuts.size > 0) await this.applyCuts()
    return host
  }

  /** Cuts the link between two sites, both ways; with one site alone, its link to this machine (and so to Skerry). */
  async cut(site: string, otherSite?: string): Promise<void> {
    this.cuts.add(linkKey(site, otherSite))
    await this.applyCuts()
  }

  async restore(site: string, otherSite?: string): Promise<void> {
    this.cuts.delete(linkKey(site, otherSite))
    await this.applyCuts()
  }

  /** Switches everything off and leaves nothing running; files stay if the lab was given a folder. */
  async destroy(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.powerOff()))
    await this.network.slot.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy()
  }

  private async applyCuts(): Promise<void> {
    const ports = (site: string | undefined): (string | undefined)[] =>
      site === undefined ? [undefined] : this.hosts.filter((host) => host.site === site).map((host) => host.port)
    const pairs = [...this.cuts].flatMap((key) => {
      const [site, otherSite] = JSON.parse(key) as [string, string?]
      return ports(site).flatMap((from) => ports(otherSite).map((to) => [from, to] as const))
    })
    await this.network.setDrops(pairs)
  }
}

/** Changes with each new QEMU or libvirt of this machine. */
async function hypervisorVersion(): Promise<string> {
  const programs = await Promise.all(['/usr/bin/qemu-system-x86_64', '/usr/sbin/libvirtd'].map((path) => stat(path)))
  return programs.map((found) => Math.trunc(found.ctimeMs)).join('-')
}

function linkKey(site: string, otherSite: string | undefined): string {
  return JSON.stringify(otherSite === undefined ? [site] : [site, otherSite].sort())
}
