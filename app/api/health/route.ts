import { healthResponse } from '#server/api/health.ts'
import { services } from '#server/api/services.ts'

export const dynamic = 'force-dynamic'

export const GET = () => healthResponse(services().db)
