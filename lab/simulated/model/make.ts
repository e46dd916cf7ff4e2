import { sharedPoolName } from '#lab/fleet-plan.ts'
import { TEMPLATE_VOLUME } from '#lab/guest/image.ts'
import { IMAGES_DIR, SHARED_DIR, TEMPLATES_DIR } from '#lab/host-config.ts'
import type { FleetPlan, VmPlan } from '../plan.ts'
import { newDefinition } from './definition.ts'
import { fleetNetwork, Host } from './host.ts'
import { Pool } from './storage.ts'
import { Vm } from './vm.ts'
import { seeded, spread } from './wave.ts'

const gib = 2 ** 30
const hourMs = 3_600_000

/** The hosts of a plan with their pools and VMs, which have run for hours or days. */
export function makeHosts(plan: FleetPlan): Host[] {
  const hosts = new Map<string, Host>()
  for (const site of plan.sites) {
    const sharedName = sharedPoolName(site)
    const shared = sharedName
      ? new Pool({
          owner: site.key,
          name: sharedName,
          path: `${SHARED_DIR}/${sharedName}`,
          capacityBytes: 20_000 * gib,
          server: `nas.${site.key}.example`,
        })
      : undefined
    for (const hostPlan of plan.hosts.filter((each) => each.siteKey === site.key)) {
      const folder = (name: string, path: string, capacityBytes: number) =>
        new Pool({ owner: hostPlan.name, name, path, capacityBytes })
      const templates = folder('templates', TEMPLATES_DIR, 200 * gib)
      templates.add({
        name: TEMPLATE_VOLUME,
        format: 'qcow2',
        capacityBytes: 64 * 2 ** 20,
        allocationBytes: 12 * 2 ** 20,
        backing: undefined,
      })
      const pools = [folder('default', IMAGES_DIR, 4000 * gib), templates, ...(shared ? [shared] : [])]
      hosts.set(hostPlan.name, new Host(hostPlan, pools))
    }
  }
  for (const vm of plan.vms) {
    const host = hosts.get(vm.host)
    if (host) addVm(host, vm)
  }
  return [...hosts.values()]
}

function addVm(host: Host, plan: VmPlan) {
  const next = seeded(`disk/${plan.uuid}`)
  const pool = host.pool(plan.pool ?? 'default')
  const capacityBytes = (10 + Math.floor(next() * 9) * 10) * gib
  const { path } = pool.add({
    name: `${plan.name}.qcow2`,
    format: 'qcow2',
    capacityBytes,
    allocationBytes: Math.round(spread(next, 0.2 * gib, 1.5 * gib)),
    backing: undefined,
  })
  const { uuid, name, vcpus, memoryKiB, pace } = plan
  const definition = newDefinition({ uuid, name, notes: '', vcpus, memoryKiB, diskPath: path, network: fleetNetwork })
  const vm = new Vm({ uuid, name, definition, pace })
  vm.autostart = plan.isOn
  host.vms.set(uuid, vm)
  if (!plan.isOn) return
  vm.begin(host.takeId(), definition, spread(next, hourMs, 700 * hourMs))
  vm.continue(1)
  vm.agentConnected = true
}
