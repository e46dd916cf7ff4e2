import { services } from '#server/api/services.ts'
import { handleAuth } from '#server/auth/handler.ts'

export const dynamic = 'force-dynamic'

const handle = (request: Request) => handleAuth(services(), request)

export { handle as GET, handle as POST }
