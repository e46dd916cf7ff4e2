import { bool, defaulted, hyper, int, list, struct, text, uhyper, uint } from '../xdr.ts'
import {
  downloading,
  flags,
  needResults,
  network,
  opaqueSecret,
  optionalText,
  storagePool as pool,
  procedure,
  secret,
  uploading,
  uuid,
  storageVolume as volume,
} from './shape.ts'

const fromStart = defaulted(uhyper, 0n)
const lease = struct({
  bridge: text,
  expirySeconds: hyper,
  type: int,
  mac: optionalText,
  iaid: optionalText,
  address: text,
  prefix: uint,
  hostname: optionalText,
  clientId: optionalText,
})

/** Storage pools and volumes. `lengthBytes` 0 in a transfer means up to the end. */
export const storageProcedures = {
  storagePoolLookupByName: procedure(84, { name: text }, { pool }),
  storagePoolLookupByUuid: procedure(85, { uuid }, { pool }),
  storagePoolLookupByVolume: procedure(86, { volume }, { pool }),
  storagePoolLookupByTargetPath: procedure(391, { path: text }, { pool }),
  storagePoolDefineXml: procedure(77, { xml: text, flags }, { pool }),
  storagePoolCreateXml: procedure(76, { xml: text, flags }, { pool }),
  storagePoolBuild: procedure(79, { pool, flags }),
  storagePoolCreate: procedure(78, { pool, flags }),
  storagePoolDestroy: procedure(80, { pool }),
  storagePoolDelete: procedure(81, { pool, flags }),
  storagePoolUndefine: procedure(82, { pool }),
  storagePoolRefresh: procedure(83, { pool, flags }),
  storagePoolGetInfo: procedure(
    87,
    { pool },
    { state: uint, capacityBytes: uhyper, allocationBytes: uhyper, availableBytes: uhyper },
  ),
  storagePoolGetXmlDesc: procedure(88, { pool, flags }, { xml: text }),
  storagePoolGetAutostart: procedure(89, { pool }, { autostart: bool }),
  storagePoolSetAutostart: procedure(90, { pool, autostart: bool }),
  storagePoolIsActive: procedure(154, { pool }, { active: bool }),
  storagePoolListAllVolumes: procedure(282, { pool, needResults, flags }, { volumes: list(volume), count: uint }),

  storageVolLookupByName: procedure(95, { pool, name: text }, { volume }),
  storageVolLookupByKey: procedure(96, { key: text }, { volume }),
  storageVolLookupByPath: procedure(97, { path: text }, { volume }),
  storageVolCreateXml: procedure(93, { pool, xml: text, flags }, { volume }),
  storageVolCreateXmlFrom: procedure(125, { pool, xml: text, source: volume, flags }, { volume }),
  storageVolDelete: procedure(94, { volume, flags }),
  storageVolWipe: procedure(165, { volume, flags }),
  storageVolGetInfo: procedure(98, { volume }, { type: int, capacityBytes: uhyper, allocationBytes: uhyper }),
  storageVolGetInfoFlags: procedure(
    378,
    { volume, flags },
    { type: int, capacityBytes: uhyper, allocationBytes: uhyper },
  ),
  storageVolGetXmlDesc: procedure(99, { volume, flags }, { xml: text }),
  storageVolGetPath: procedure(100, { volume }, { path: text }),
  storageVolResize: procedure(260, { volume, capacityBytes: uhyper, flags }),
  storageVolUpload: uploading(208, { volume, offsetBytes: fromStart, lengthBytes: fromStart, flags }),
  storageVolDownload: downloading(209, { volume, offsetBytes: fromStart, lengthBytes: fromStart, flags }),

  secretLookupByUuid: procedure(141, { uuid }, { secret }),
  secretDefineXml: procedure(142, { xml: text, flags }, { secret }),
  secretSetValue: procedure(144, { secret, value: opaqueSecret, flags }),
  secretUndefine: procedure(146, { secret }),
}

/** Virtual networks. */
export const networkProcedures = {
  networkLookupByName: procedure(46, { name: text }, { network }),
  networkLookupByUuid: procedure(47, { uuid }, { network }),
  networkDefineXml: procedure(41, { xml: text }, { network }),
  networkDefineXmlFlags: procedure(432, { xml: text, flags }, { network }),
  networkCreateXml: procedure(40, { xml: text }, { network }),
  networkCreate: procedure(39, { network }),
  networkDestroy: procedure(42, { network }),
  networkUndefine: procedure(49, { network }),
  networkUpdate: procedure(291, { network, command: uint, section: uint, parentIndex: int, xml: text, flags }),
  networkGetXmlDesc: procedure(43, { network, flags }, { xml: text }),
  networkGetBridgeName: procedure(45, { network }, { bridge: text }),
  networkGetAutostart: procedure(44, { network }, { autostart: bool }),
  networkSetAutostart: procedure(48, { network, autostart: bool }),
  networkIsActive: procedure(152, { network }, { active: bool }),
  networkIsPersistent: procedure(153, { network }, { persistent: bool }),
  networkGetDhcpLeases: procedure(
    341,
    { network, mac: optionalText, needResults, flags },
    { leases: list(lease), count: uint },
  ),
}
