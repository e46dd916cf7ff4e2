import { exportAudit } from '#server/api/audit-export.ts'
import { withErrors } from '#server/api/http-error.ts'
import { services } from '#server/api/services.ts'

export const dynamic = 'force-dynamic'

export const GET = (request: Request) => withErrors(() => exportAudit(services(), request))
