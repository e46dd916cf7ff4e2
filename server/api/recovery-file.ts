import { Readable } from 'node:stream'
import { z } from 'zod'
import { scopeOf } from '#server/auth/actor.ts'
import { audit, type Trail } from '#server/auth/audit.ts'
import { type Asking, load } from '#server/auth/load.ts'
import { type Db, inScope, type Scope } from '#server/db.ts'
import { conflict, invalid, SkerryError } from '#server/errors.ts'
import { RecoveryDisks } from '#server/schema/backup.ts'
import {
  ArchiveSize,
  ListFilesInput,
  RecoveryFiles,
  RecoveryPlace,
  RecoveryVolume,
} from '#server/schema/recovery-file.ts'
import { attachment } from './attachment.ts'
import { createContext } from './context.ts'
import type { Services } from './services.ts'
import { costly, router, shared } from './trpc.ts'

const trailOf = (action: string, detail: Trail['detail'] = {}): Trail => ({
  ...{ action, resourceKind: 'vm', detail, authorised: false },
})

interface Reading {
  db: Db
  scope: Scope
  actor: Asking['actor']
}

/** The recovery point, for who may restore it: reading its files is no less. No transaction is held while they are read. */
const readable = ({ db, scope, actor }: Reading, id: string, trail = trailOf('vm.read-files')) =>
  inScope(db, scope, async (tx) => {
    const point = await load.recoveryPoint({ tx, actor, trail }, id, 'restore')
    const { datastoreId, tenantId, vmName, takenAt } = point
    if (point.invalidAt) {
      throw conflict('This copy is archived and no longer valid here.', 'Bring it back from the archive first.')
    }
    return { source: { datastoreId, tenantId }, disks: RecoveryDisks.parse(point.disks), vmName, takenAt }
  })

function demandDisk(disks: RecoveryDisks, disk: string): void {
  if (!disks.some(({ target }) => target === disk)) throw invalid(`The recovery point has no disk ${disk}.`)
}

export const recoveryFileRouter = router({
  /** Disks and partitions of a recovery point, and what is on each. */
  volumes: shared
    .use(costly(60, 120))
    .input(z.object({ recoveryPointId: z.uuid() }))
    .query(async ({ ctx, input: { recoveryPointId } }) => {
      const { source, disks, vmName, takenAt } = await readable(ctx, recoveryPointId)
      const { files } = ctx.services
      const read = disks.map(async ({ target, sizeBytes }) => {
        const question = { recoveryPointId, disk: target, ...source }
        return { target, sizeBytes, volumes: await files.ask('volumes', question, z.array(RecoveryVolume)) }
      })
      return { vmName, takenAt, disks: await Promise.all(read) }
    }),

  /** A page of a folder. */
  list: shared
    .use(costly(120, 600))
    .input(ListFilesInput)
    .query(async ({ ctx, input }) => {
      const { source, disks } = await readable(ctx, input.recoveryPointId)
      demandDisk(disks, input.disk)
      return ctx.services.files.ask('list', { ...input, ...source }, RecoveryFiles)
    }),

  /** What a folder holds in all, or why it can't be downloaded as one archive. */
  measure: shared
    .use(costly(20, 60))
    .input(RecoveryPlace)
    .query(async ({ ctx, input }) => {
      const { source, disks } = await readable(ctx, input.recoveryPointId)
      demandDisk(disks, input.disk)
      return ctx.services.files.ask('measure', { ...input, ...source }, ArchiveSize)
    }),
})

/**
 * `GET /api/recovery-points/<id>/file|archive?disk=vda&volume=1&path=etc&path=hosts`: streams a file, or a folder as a tar
 * archive. Leaves an audit entry that names it, also for who was refused. @throws SkerryError
 */
export async function downloadFile(
  services: Services,
  request: Request,
  recoveryPointId: string,
  kind: 'file' | 'archive',
): Promise<Response> {
  const { actor, origin, db, requestId } = await createContext(services, request.headers)
  if (!actor) throw new SkerryError('unauthenticated', 'You are not signed in.', { wayOut: 'Sign in again.' })
  const query = new URL(request.url).searchParams
  const given = { disk: query.get('disk'), volume: Number(query.get('volume')), path: query.getAll('path') }
  const parsed = RecoveryPlace.safeParse({ recoveryPointId, ...given })
  if (!parsed.success) throw invalid('The address of the file is malformed.')
  const place = parsed.data
  const { disk, volume, path } = place
  const trail = trailOf('vm.download-file', { recoveryPointId, disk, volume, path: `/${path.join('/')}`, kind })
  const scope = scopeOf(actor)
  const say = (outcome: 'succeeded' | 'denied') =>
    inScope(db, outcome === 'denied' ? 'fleet' : scope, (tx) => audit(tx, trail, actor, origin, outcome))
  const { source, disks } = await readable({ db, scope, actor }, recoveryPointId, trail).catch(async (error) => {
    if (error instanceof SkerryError && error.code === 'forbidden') await say('denied')
    throw error
  })
  demandDisk(disks, disk)
  const leave = services.downloads.begin(actor.id)
  try {
    const { content, sizeBytes } = await services.files.open(kind, { ...place, ...source })
    content.once('close', leave)
    request.signal.addEventListener('abort', () => content.destroy())
    if (sizeBytes !== undefined) trail.detail = { ...trail.detail, sizeBytes }
    await say('succeeded').catch((error) => {
      content.destroy()
      throw error
    })
    const name = path.at(-1) ?? `${disk}-${volume}`
    return new Response(Readable.toWeb(content) as ReadableStream<Uint8Array>, {
      headers: {
        'content-type': kind === 'file' ? 'application/octet-stream' : 'application/x-tar',
        'content-disposition': attachment(kind === 'file' ? name : `${name}.tar`),
        ...(sizeBytes === undefined ? {} : { 'content-length': String(sizeBytes) }),
        'content-security-policy': "sandbox; default-src 'none'",
        'cache-control': 'no-store, no-transform',
        'x-request-id': requestId,
      },
    })
  } catch (error) {
    leave()
    throw error
  }
}
