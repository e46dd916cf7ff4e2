import { fleetNetwork, type Host } from '../model/host.ts'
import { networkXml } from '../model/host-xml.ts'
import { Refusal } from '../refusal.ts'
import type { Handlers } from './handler.ts'

const active = 2
const inactive = 1

const handle = (host: Host) => ({ name: fleetNetwork, uuid: host.networkUuid })

/** @throws Refusal for any other network than the one that every host has */
function check(host: Host, uuid: string) {
  if (uuid === host.networkUuid) return
  throw new Refusal('noNetwork', `Network not found: no network with matching uuid '${uuid}'`, 'network')
}

export const networkHandlers: Handlers = {
  connectListAllNetworks({ needResults, flags }, { host }) {
    const networks = flags & inactive && !(flags & active) ? [] : [handle(host)]
    return { networks: needResults ? networks : [], count: networks.length }
  },
  networkLookupByName({ name }, { host }) {
    if (name === fleetNetwork) return { network: handle(host) }
    throw new Refusal('noNetwork', `Network not found: no network with matching name '${name}'`, 'network')
  },
  networkLookupByUuid({ uuid }, { host }) {
    check(host, uuid)
    return { network: handle(host) }
  },
  networkGetXmlDesc({ network }, { host }) {
    check(host, network.uuid)
    return { xml: networkXml(host) }
  },
  networkGetBridgeName({ network }, { host }) {
    check(host, network.uuid)
    return { bridge: 'br0' }
  },
  networkGetAutostart: () => ({ autostart: true }),
  networkIsActive: () => ({ active: true }),
  networkIsPersistent: () => ({ persistent: true }),
  networkGetDhcpLeases: () => ({ leases: [], count: 0 }),
}
