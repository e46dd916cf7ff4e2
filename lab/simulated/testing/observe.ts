import { LibvirtError } from '#server/libvirt/error.ts'
import { statsGroup } from '#server/libvirt/flag.ts'
import { Host } from '#server/libvirt/host.ts'
import type { CallArgs, LibvirtEvent, ProcedureName, TypedParams } from '#server/libvirt/protocol.ts'
import { unixTransport } from '#server/libvirt/transport/socket.ts'

/** A daemon's client that is connected and hears every event. */
export async function connect(socketPath: string, uri = 'qemu:///system') {
  const host = new Host({ transport: unixTransport(socketPath), uri })
  const events: LibvirtEvent[] = []
  host.on('event', (event) => events.push(event))
  await new Promise<void>((resolve, reject) => {
    host.once('connected', resolve)
    host.once('lost', reject)
    host.start()
  })
  return { host, events }
}

/** What became of a call: `ok`, or the error's code and domain, which are what a caller may branch on. */
export async function outcome<N extends ProcedureName>(host: Host, name: N, args: CallArgs<N>): Promise<string> {
  try {
    await host.call(name, args)
    return 'ok'
  } catch (error) {
    if (error instanceof LibvirtError) return `${error.code}/${error.domain}`
    throw error
  }
}

/** Lifecycle events as event.detail, in their order. */
export const lifecycleOf = (events: readonly LibvirtEvent[], uuid: string): string[] =>
  events.flatMap((event) =>
    event.name === 'domainLifecycle' && event.body.domain.uuid === uuid
      ? [`${event.body.event}.${event.body.detail}`]
      : [],
  )

/** Names of statistics with the kind of their values. */
export const kindsOf = (params: TypedParams): Record<string, string> =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [name, typeof value]))

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Leads one VM through its life on a daemon and writes down what can be seen of it. */
export async function observeLife(host: Host, events: LibvirtEvent[], vm: { uuid: string; name: string; xml: string }) {
  const domain = { uuid: vm.uuid }
  const nobody = { uuid: '00000000-0000-4000-8000-000000000001' }
  const did: Record<string, string> = {}
  const states: Record<string, string> = {}
  const attempt = async <N extends ProcedureName>(label: string, name: N, args: CallArgs<N>) => {
    did[label] = await outcome(host, name, args)
  }
  const note = async (label: string) => {
    const { state, reason } = await host.call('domainGetState', { domain })
    states[label] = `${state}.${reason}`
  }
  await attempt('look up a missing name', 'domainLookupByName', { name: 'nobody' })
  await attempt('look up a missing UUID', 'domainLookupByUuid', nobody)
  await attempt('read a missing VM', 'domainGetXmlDesc', { domain: nobody })
  await attempt('look up a missing pool', 'storagePoolLookupByName', { name: 'nowhere' })
  await attempt('look up a missing volume', 'storageVolLookupByPath', { path: '/nowhere/at-all' })
  await attempt('look up a missing network', 'networkLookupByName', { name: 'nowhere' })
  await attempt('look up a missing device', 'nodeDeviceLookupByName', { name: 'nothing' })
  await attempt('define what is no XML', 'domainDefineXmlFlags', { xml: '<domain><name>' })
  await attempt('define another thing', 'domainDefineXmlFlags', { xml: '<pool/>' })
  await attempt('define without a name', 'domainDefineXmlFlags', { xml: vm.xml.replace(/<name>.*<\/name>/, '') })
  await attempt('define without an os', 'domainDefineXmlFlags', { xml: vm.xml.replace(/<os>.*<\/os>/s, '') })

  await attempt('define', 'domainDefineXmlFlags', { xml: vm.xml })
  await attempt('define a namesake', 'domainDefineXmlFlags', { xml: vm.xml.replace(vm.uuid, nobody.uuid) })
  await attempt('define again', 'domainDefineXmlFlags', { xml: vm.xml })
  await note('defined')
  for (const state of ['off', 'on']) {
    await attempt(`abort no job, ${state}`, 'domainAbortJob', { domain })
    await attempt(`read no job, ${state}`, 'domainGetJobStats', { domain })
    await attempt(`read no ended job, ${state}`, 'domainGetJobStats', { domain, flags: 3 })
    await attempt(`limit no migration, ${state}`, 'domainMigrateSetMaxDowntime', { domain, downtimeMs: 100n })
    await attempt(`switch no migration, ${state}`, 'domainMigrateStartPostCopy', { domain })
    await attempt(`more vCPUs than fit, ${state}`, 'domainSetVcpusFlags', { domain, vcpus: 99 })
    await attempt(`more memory than fits, ${state}`, 'domainSetMemoryFlags', { domain, memoryKiB: 1n << 30n })
    await attempt(`attach twice, ${state}`, 'domainAttachDeviceFlags', { domain, xml: diskIn(vm.xml), flags: 2 })
    await attempt(`detach nothing, ${state}`, 'domainDetachDeviceFlags', { domain, xml: missingDisk, flags: 2 })
    await attempt(`ask no agent, ${state}`, 'qemuDomainAgentCommand', agentPing(domain))
    await attempt(`write notes, ${state}`, 'domainSetMetadata', { domain, type: 0, metadata: state })
    await attempt(`read notes, ${state}`, 'domainGetMetadata', { domain, type: 0 })
    await attempt(`read no title, ${state}`, 'domainGetMetadata', { domain, type: 1 })
    if (state === 'on') break
    await attempt('resume what is off', 'domainResume', { domain })
    await attempt('suspend what is off', 'domainSuspend', { domain })
    await attempt('force off what is off', 'domainDestroyFlags', { domain })
    await attempt('shut down what is off', 'domainShutdownFlags', { domain })
    await attempt('reset what is off', 'domainReset', { domain })
    await attempt('edit live what is off', 'domainSetVcpusFlags', { domain, vcpus: 1, flags: 1 })
    await attempt('start', 'domainCreateWithFlags', { domain })
  }
  await note('started')
  await attempt('start again', 'domainCreateWithFlags', { domain })
  await attempt('rename what runs', 'domainRename', { domain, newName: 'other' })
  await attempt('suspend', 'domainSuspend', { domain })
  await note('suspended')
  await attempt('resume', 'domainResume', { domain })
  await note('resumed')
  const stats = statsGroup.state | statsGroup.cpu | statsGroup.balloon | statsGroup.vcpu | statsGroup.block
  const wanted = stats | statsGroup.interface | statsGroup.dirtyRate
  const [record] = (await host.call('connectGetAllDomainStats', { domains: [domain], stats: wanted })).records
  const { xml } = await host.call('domainGetXmlDesc', { domain })
  await attempt('force off', 'domainDestroyFlags', { domain })
  await note('forced off')
  await attempt('start paused', 'domainCreateWithFlags', { domain, flags: 1 })
  await note('started paused')
  await attempt('undefine what runs', 'domainUndefineFlags', { domain })
  await attempt('set autostart of what is transient', 'domainSetAutostart', { domain, autostart: true })
  await attempt('force off what is transient', 'domainDestroyFlags', { domain })
  await attempt('read what is gone', 'domainGetState', { domain })
  await pause(200)
  return { did, states, stats: kindsOf(record?.params ?? {}), xml, lifecycle: lifecycleOf(events, vm.uuid) }
}

const agentPing = (domain: { uuid: string }) => ({
  domain,
  command: JSON.stringify({ execute: 'guest-ping' }),
  timeoutSeconds: 1,
})
const missingDisk = "<disk type='file' device='disk'><source file='/nowhere'/><target dev='vdz' bus='virtio'/></disk>"
const diskIn = (xml: string) => /<disk .*<\/disk>/s.exec(xml)?.[0] ?? ''
