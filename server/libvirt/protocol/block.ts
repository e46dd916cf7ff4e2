import { bool, defaulted, hyper, int, list, struct, text, uhyper, uint } from '../xdr.ts'
import { checkpoint, domain, flags, needResults, optionalText, procedure, snapshot } from './shape.ts'
import { typedParams } from './typed-param.ts'

const bandwidth = defaulted(uhyper, 0n)

/** A domain's disks and the jobs on them. `disk` is a target such as `vda` or a path. */
export const blockProcedures = {
  domainGetBlockInfo: procedure(
    194,
    { domain, disk: text, flags },
    { allocationBytes: uhyper, capacityBytes: uhyper, physicalBytes: uhyper },
  ),
  /** `size` is KiB, or bytes with the flag that says so. */
  domainBlockResize: procedure(251, { domain, disk: text, size: uhyper, flags }),
  domainBlockStats: procedure(
    64,
    { domain, disk: text },
    { readRequests: hyper, readBytes: hyper, writeRequests: hyper, writeBytes: hyper, errors: hyper },
  ),
  /** With capacity 0 only the count comes back. */
  domainBlockStatsFlags: procedure(
    243,
    { domain, disk: text, capacity: int, flags },
    { params: typedParams, count: int },
  ),
  domainSetBlockIoTune: procedure(252, { domain, disk: text, params: typedParams, flags }),
  /** With capacity 0 only the count comes back. */
  domainGetBlockIoTune: procedure(
    253,
    { domain, disk: optionalText, capacity: int, flags },
    { params: typedParams, count: int },
  ),
  domainGetDiskErrors: procedure(
    263,
    { domain, capacity: uint, flags },
    { errors: list(struct({ disk: text, error: int }), 256), count: int },
  ),
  domainBlockCopy: procedure(345, { domain, disk: text, destinationXml: text, params: typedParams, flags }),
  domainBlockPull: procedure(240, { domain, disk: text, bandwidth, flags }),
  domainBlockRebase: procedure(266, { domain, disk: text, base: optionalText, bandwidth, flags }),
  domainBlockCommit: procedure(290, {
    domain,
    disk: text,
    base: optionalText,
    top: optionalText,
    bandwidth,
    flags,
  }),
  /** `found` is false when no job runs on the disk; the rest is zero then. */
  domainGetBlockJobInfo: procedure(
    238,
    { domain, disk: text, flags },
    { found: bool, type: int, bandwidth: uhyper, current: uhyper, end: uhyper },
  ),
  domainBlockJobAbort: procedure(237, { domain, disk: text, flags }),
  domainBlockJobSetSpeed: procedure(239, { domain, disk: text, bandwidth, flags }),
  domainSetBlockThreshold: procedure(386, { domain, device: text, thresholdBytes: uhyper, flags }),
}

/** Snapshots, checkpoints and backups. */
export const snapshotProcedures = {
  domainSnapshotCreateXml: procedure(185, { domain, xml: text, flags }, { snapshot }),
  domainSnapshotGetXmlDesc: procedure(186, { snapshot, flags }, { xml: text }),
  domainSnapshotNum: procedure(187, { domain, flags }, { count: int }),
  domainListAllSnapshots: procedure(274, { domain, needResults, flags }, { snapshots: list(snapshot), count: int }),
  domainSnapshotListAllChildren: procedure(
    275,
    { snapshot, needResults, flags },
    { snapshots: list(snapshot), count: int },
  ),
  domainSnapshotNumChildren: procedure(246, { snapshot, flags }, { count: int }),
  domainSnapshotLookupByName: procedure(189, { domain, name: text, flags }, { snapshot }),
  domainHasCurrentSnapshot: procedure(190, { domain, flags }, { present: bool }),
  domainSnapshotCurrent: procedure(191, { domain, flags }, { snapshot }),
  domainSnapshotGetParent: procedure(244, { snapshot, flags }, { snapshot }),
  domainSnapshotIsCurrent: procedure(271, { snapshot, flags }, { current: bool }),
  domainSnapshotHasMetadata: procedure(272, { snapshot, flags }, { metadata: bool }),
  domainRevertToSnapshot: procedure(192, { snapshot, flags }),
  domainSnapshotDelete: procedure(193, { snapshot, flags }),

  domainCheckpointCreateXml: procedure(411, { domain, xml: text, flags }, { checkpoint }),
  domainCheckpointGetXmlDesc: procedure(412, { checkpoint, flags }, { xml: text }),
  domainListAllCheckpoints: procedure(
    413,
    { domain, needResults, flags },
    { checkpoints: list(checkpoint), count: int },
  ),
  domainCheckpointListAllChildren: procedure(
    414,
    { checkpoint, needResults, flags },
    { checkpoints: list(checkpoint), count: int },
  ),
  domainCheckpointLookupByName: procedure(415, { domain, name: text, flags }, { checkpoint }),
  domainCheckpointGetParent: procedure(416, { checkpoint, flags }, { checkpoint }),
  domainCheckpointDelete: procedure(417, { checkpoint, flags }),

  domainBackupBegin: procedure(421, { domain, backupXml: text, checkpointXml: optionalText, flags }),
  domainBackupGetXmlDesc: procedure(422, { domain, flags }, { xml: text }),
}
