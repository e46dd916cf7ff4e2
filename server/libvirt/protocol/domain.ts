import { bool, defaulted, hyper, int, list, struct, text, uhyper, uint } from '../xdr.ts'
import { conversing, domain, downloading, flags, optionalText, procedure, qemuProcedure, uuid } from './shape.ts'
import { typedParams } from './typed-param.ts'

const address = struct({ type: int, address: text, prefix: uint })
const networkInterface = struct({ name: text, hardwareAddress: optionalText, addresses: list(address, 2048) })
const fileSystem = struct({ mountPoint: text, name: text, type: text, devices: list(text, 256) })
const mountPoints = defaulted(list(text, 256), [])

/** A domain's definition, life, devices, metadata, guest and screen. Memory sizes are KiB unless a name says else. */
export const domainProcedures = {
  domainLookupById: procedure(22, { id: int }, { domain }),
  domainLookupByName: procedure(23, { name: text }, { domain }),
  domainLookupByUuid: procedure(24, { uuid }, { domain }),
  domainDefineXmlFlags: procedure(350, { xml: text, flags }, { domain }),
  /** Starts a domain that is gone once it stops. */
  domainCreateXml: procedure(10, { xml: text, flags }, { domain }),
  domainCreateWithFlags: procedure(196, { domain, flags }, { domain }),
  domainShutdownFlags: procedure(258, { domain, flags }),
  domainReboot: procedure(27, { domain, flags }),
  domainReset: procedure(245, { domain, flags }),
  domainSuspend: procedure(34, { domain }),
  domainResume: procedure(28, { domain }),
  domainDestroyFlags: procedure(234, { domain, flags }),
  domainUndefineFlags: procedure(231, { domain, flags }),
  domainRename: procedure(358, { domain, newName: optionalText, flags }, { result: int }),
  domainInjectNmi: procedure(210, { domain, flags }),
  domainPmSuspendForDuration: procedure(261, { domain, target: uint, durationSeconds: uhyper, flags }),
  domainPmWakeup: procedure(267, { domain, flags }),

  domainGetXmlDesc: procedure(14, { domain, flags }, { xml: text }),
  domainGetState: procedure(212, { domain, flags }, { state: int, reason: int }),
  domainGetInfo: procedure(
    16,
    { domain },
    { state: uint, maximumMemoryKiB: uhyper, memoryKiB: uhyper, vcpus: uint, cpuTimeNs: uhyper },
  ),
  domainIsActive: procedure(150, { domain }, { active: bool }),
  domainIsPersistent: procedure(151, { domain }, { persistent: bool }),
  domainIsUpdated: procedure(202, { domain }, { updated: bool }),
  domainGetMessages: procedure(426, { domain, flags }, { messages: list(text, 2048) }),
  domainMemoryStats: procedure(
    159,
    { domain, capacity: defaulted(uint, 64), flags },
    { stats: list(struct({ tag: int, value: uhyper }), 1024) },
  ),
  domainSetMemoryStatsPeriod: procedure(308, { domain, periodSeconds: int, flags }),
  domainGetCpuStats: procedure(
    262,
    { domain, capacity: uint, firstCpu: int, cpus: uint, flags },
    { params: typedParams, count: int },
  ),
  domainInterfaceStats: procedure(
    65,
    { domain, device: text },
    {
      rxBytes: hyper,
      rxPackets: hyper,
      rxErrors: hyper,
      rxDropped: hyper,
      txBytes: hyper,
      txPackets: hyper,
      txErrors: hyper,
      txDropped: hyper,
    },
  ),

  domainSetVcpusFlags: procedure(199, { domain, vcpus: uint, flags }),
  domainGetVcpusFlags: procedure(200, { domain, flags }, { vcpus: int }),
  domainSetMemoryFlags: procedure(204, { domain, memoryKiB: uhyper, flags }),
  domainAttachDeviceFlags: procedure(160, { domain, xml: text, flags }),
  domainDetachDeviceFlags: procedure(161, { domain, xml: text, flags }),
  domainDetachDeviceAlias: procedure(392, { domain, alias: text, flags }),
  domainUpdateDeviceFlags: procedure(174, { domain, xml: text, flags }),
  domainSetInterfaceParameters: procedure(256, { domain, device: text, params: typedParams, flags }),
  domainGetInterfaceParameters: procedure(
    257,
    { domain, device: text, capacity: int, flags },
    { params: typedParams, count: int },
  ),
  domainSetMetadata: procedure(264, {
    domain,
    type: int,
    metadata: optionalText,
    key: optionalText,
    uri: optionalText,
    flags,
  }),
  domainGetMetadata: procedure(265, { domain, type: int, uri: optionalText, flags }, { metadata: text }),
  domainGetAutostart: procedure(15, { domain }, { autostart: bool }),
  domainSetAutostart: procedure(29, { domain, autostart: bool }),

  domainManagedSave: procedure(182, { domain, flags }),
  domainHasManagedSaveImage: procedure(183, { domain, flags }, { present: bool }),
  domainManagedSaveRemove: procedure(184, { domain, flags }),
  domainSaveFlags: procedure(232, { domain, path: text, xml: optionalText, flags }),
  domainRestoreFlags: procedure(233, { path: text, xml: optionalText, flags }),
  domainSaveImageGetXmlDesc: procedure(235, { path: text, flags }, { xml: text }),
  domainCoreDumpWithFormat: procedure(334, { domain, path: text, format: uint, flags }),

  domainInterfaceAddresses: procedure(
    353,
    { domain, source: uint, flags },
    { interfaces: list(networkInterface, 2048) },
  ),
  domainGetGuestInfo: procedure(418, { domain, types: flags, flags }, { params: typedParams }),
  domainGetFsInfo: procedure(349, { domain, flags }, { fileSystems: list(fileSystem, 256), count: uint }),
  domainFsFreeze: procedure(335, { domain, mountPoints, flags }, { fileSystems: int }),
  domainFsThaw: procedure(336, { domain, mountPoints, flags }, { fileSystems: int }),
  domainFsTrim: procedure(294, { domain, mountPoint: optionalText, minimumBytes: defaulted(uhyper, 0n), flags }),
  domainGetTime: procedure(337, { domain, flags }, { seconds: hyper, nanoseconds: uint }),
  domainSetTime: procedure(338, { domain, seconds: hyper, nanoseconds: uint, flags }),
  domainGetHostname: procedure(277, { domain, flags }, { hostname: text }),
  domainSetUserPassword: procedure(357, { domain, user: optionalText, password: optionalText, flags }),
  domainAuthorizedSshKeysGet: procedure(424, { domain, user: text, flags }, { keys: list(text, 2048) }),
  domainAuthorizedSshKeysSet: procedure(425, { domain, user: text, keys: list(text, 2048), flags }),

  /** `heldMs` is how long the keys stay down together. */
  domainSendKey: procedure(226, { domain, codeSet: uint, heldMs: uint, keyCodes: list(uint, 16), flags }),
  domainScreenshot: downloading(211, { domain, screen: uint, flags }, { mimeType: optionalText }),
  domainOpenConsole: conversing(201, { domain, device: optionalText, flags }),
  domainOpenChannel: conversing(296, { domain, channel: optionalText, flags }),

  qemuDomainMonitorCommand: qemuProcedure(1, { domain, command: text, flags }, { result: text }),
  /** `timeoutSeconds` -2 waits for ever, -1 takes the daemon's default, 0 does not wait. */
  qemuDomainAgentCommand: qemuProcedure(
    3,
    { domain, command: text, timeoutSeconds: int, flags },
    { result: optionalText },
  ),
}
