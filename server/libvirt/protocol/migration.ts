import { bool, defaulted, int, opaque, text, uhyper } from '../xdr.ts'
import { domain, flags, optionalText, procedure, wideFlags } from './shape.ts'
import { repeatedTypedParams, typedParams } from './typed-param.ts'

const cookie = defaulted(opaque(), Buffer.alloc(0))
const cookieIn = cookie
const cookieOut = cookie
const params = repeatedTypedParams
const bandwidth = defaulted(uhyper, 0n)

/**
 * Migration and the job of a domain. Peer to peer, the source does it all within `domainMigratePerform3Params`; the
 * other phases are for a client that passes the cookies itself. Bandwidths are MiB/s.
 */
export const migrationProcedures = {
  domainMigrateBegin3: procedure(
    213,
    { domain, xml: optionalText, flags: wideFlags, destinationName: optionalText, bandwidth },
    { cookieOut, xml: text },
  ),
  domainMigrateBegin3Params: procedure(302, { domain, params, flags }, { cookieOut, xml: text }),
  domainMigratePrepare3Params: procedure(303, { params, cookieIn, flags }, { cookieOut, uriOut: optionalText }),
  /** Lasts as long as the migration. `destinationUri` is the other daemon as the source reaches it. */
  domainMigratePerform3Params: procedure(
    305,
    { domain, destinationUri: optionalText, params, cookieIn, flags },
    { cookieOut },
  ),
  domainMigrateFinish3Params: procedure(306, { params, cookieIn, flags, cancelled: bool }, { domain, cookieOut }),
  domainMigrateConfirm3Params: procedure(307, { domain, params, cookieIn, flags, cancelled: bool }),

  domainMigrateSetMaxSpeed: procedure(207, { domain, bandwidth: uhyper, flags }),
  domainMigrateGetMaxSpeed: procedure(242, { domain, flags }, { bandwidth: uhyper }),
  domainMigrateSetMaxDowntime: procedure(166, { domain, downtimeMs: uhyper, flags }),
  domainMigrateGetMaxDowntime: procedure(387, { domain, flags }, { downtimeMs: uhyper }),
  domainMigrateGetCompressionCache: procedure(299, { domain, flags }, { sizeBytes: uhyper }),
  domainMigrateSetCompressionCache: procedure(300, { domain, sizeBytes: uhyper, flags }),
  domainMigrateStartPostCopy: procedure(364, { domain, flags }),

  domainGetJobInfo: procedure(
    163,
    { domain },
    {
      type: int,
      elapsedMs: uhyper,
      remainingMs: uhyper,
      totalBytes: uhyper,
      processedBytes: uhyper,
      remainingBytes: uhyper,
      memoryTotalBytes: uhyper,
      memoryProcessedBytes: uhyper,
      memoryRemainingBytes: uhyper,
      fileTotalBytes: uhyper,
      fileProcessedBytes: uhyper,
      fileRemainingBytes: uhyper,
    },
  ),
  domainGetJobStats: procedure(298, { domain, flags }, { type: int, params: typedParams }),
  domainAbortJob: procedure(164, { domain }),
  domainAbortJobFlags: procedure(442, { domain, flags }),
  domainStartDirtyRateCalc: procedure(427, { domain, seconds: int, flags }),
}
