import { withErrors } from '#server/api/http-error.ts'
import { downloadFile } from '#server/api/recovery-file.ts'
import { services } from '#server/api/services.ts'

export const dynamic = 'force-dynamic'

export const GET = (request: Request, { params }: { params: Promise<{ point: string }> }) =>
  withErrors(async () => downloadFile(services(), request, (await params).point, 'file'))
