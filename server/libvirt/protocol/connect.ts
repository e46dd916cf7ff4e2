import { bool, int, list, struct, text, uhyper, uint, wideText } from '../xdr.ts'
import {
  domain,
  domains,
  flags,
  needResults,
  network,
  nodeDevice,
  optionalText,
  procedure,
  secret,
  storagePool,
} from './shape.ts'
import { typedParams } from './typed-param.ts'

const counter = struct({ field: text, value: uhyper })
const statsRecord = struct({ domain, params: typedParams })
const machine = { emulator: optionalText, arch: optionalText, machine: optionalText, virtType: optionalText }

/** The connection itself, what the host is and has, and the lists of everything on it. */
export const connectProcedures = {
  authList: procedure(66, {}, { types: list(int, 20) }),
  authPolkit: procedure(70, {}, { complete: bool }),
  connectOpen: procedure(1, { uri: optionalText, flags }),
  connectClose: procedure(2, {}),
  connectSupportsFeature: procedure(60, { feature: int }, { supported: bool }),
  connectGetType: procedure(3, {}, { type: text }),
  connectGetVersion: procedure(4, {}, { version: uhyper }),
  connectGetLibVersion: procedure(157, {}, { version: uhyper }),
  connectGetHostname: procedure(59, {}, { hostname: text }),
  connectGetUri: procedure(110, {}, { uri: text }),
  connectGetSysinfo: procedure(203, { flags }, { xml: text }),
  connectIsSecure: procedure(149, {}, { secure: bool }),
  connectGetMaxVcpus: procedure(5, { type: optionalText }, { vcpus: int }),
  connectGetCapabilities: procedure(7, {}, { xml: text }),
  connectGetDomainCapabilities: procedure(342, { ...machine, flags }, { xml: text }),
  connectGetStoragePoolCapabilities: procedure(403, { flags }, { xml: text }),
  connectCompareHypervisorCpu: procedure(393, { ...machine, cpuXml: text, flags }, { result: int }),
  connectBaselineHypervisorCpu: procedure(394, { ...machine, cpuXmls: list(text, 256), flags }, { cpuXml: text }),
  connectGetCpuModelNames: procedure(312, { arch: text, needResults, flags }, { models: list(text), count: int }),
  connectRegisterCloseCallback: procedure(360, {}),
  connectUnregisterCloseCallback: procedure(361, {}),

  connectListAllDomains: procedure(273, { needResults, flags }, { domains, count: uint }),
  connectListAllNetworks: procedure(283, { needResults, flags }, { networks: list(network), count: uint }),
  connectListAllStoragePools: procedure(281, { needResults, flags }, { pools: list(storagePool), count: uint }),
  connectListAllNodeDevices: procedure(285, { needResults, flags }, { devices: list(nodeDevice), count: uint }),
  connectListAllSecrets: procedure(287, { needResults, flags }, { secrets: list(secret), count: uint }),
  /** No domains means all of them; no groups in `stats` means every group. */
  connectGetAllDomainStats: procedure(344, { domains, stats: flags, flags }, { records: list(statsRecord) }),

  /** `memoryKiB`, and `mhz` as the host reports it. */
  nodeGetInfo: procedure(
    6,
    {},
    {
      model: wideText(32),
      memoryKiB: uhyper,
      cpus: int,
      mhz: int,
      nodes: int,
      sockets: int,
      cores: int,
      threads: int,
    },
  ),
  /** `cpu` -1 sums all. `capacity` must be the count that a first call with capacity 0 gives. */
  nodeGetCpuStats: procedure(227, { cpu: int, capacity: int, flags }, { params: list(counter, 16), count: int }),
  /** `cell` -1 sums all; `capacity` as for the CPU. Values are KiB. */
  nodeGetMemoryStats: procedure(228, { capacity: int, cell: int, flags }, { params: list(counter, 16), count: int }),
  nodeGetFreeMemory: procedure(102, {}, { freeBytes: uhyper }),
}

/** Host devices and secrets. */
export const deviceProcedures = {
  nodeDeviceLookupByName: procedure(113, { name: text }, { device: nodeDevice }),
  nodeDeviceGetXmlDesc: procedure(114, { name: text, flags }, { xml: text }),
  nodeDeviceGetParent: procedure(115, { name: text }, { parent: optionalText }),
  nodeDeviceDetachFlags: procedure(301, { name: text, driver: optionalText, flags }),
  nodeDeviceReattach: procedure(119, { name: text }),
  nodeDeviceReset: procedure(120, { name: text }),
  nodeDeviceCreateXml: procedure(123, { xml: text, flags }, { device: nodeDevice }),
  nodeDeviceDestroy: procedure(124, { name: text }),
}
