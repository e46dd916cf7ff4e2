import { handleTrpc } from '#server/api/handler.ts'
import { services } from '#server/api/services.ts'

export const dynamic = 'force-dynamic'

const handle = (request: Request) => handleTrpc(services(), request)

export { handle as GET, handle as POST }
