import { CreateBucketCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3'
import { CredentialBox } from '#server/core/credential.ts'
import { sealStoreCredential } from '#server/core/store-credential.ts'
import { openDb } from '#server/db.ts'
import { env } from '#server/env.ts'
import { Radosgw } from '#server/repository/testing/radosgw.ts'
import type { S3Location } from '#server/schema/store.ts'
import { testDatabase } from './postgres.ts'

export interface BucketVersion {
  Key: string
  VersionId: string
}

/** Buckets of a gateway for archives of tests, and how they look out of band: by S3 itself, past all of our code. */
export function bucketsOf(gateway: Radosgw) {
  const { endpoint, accessKeyId, secretAccessKey } = gateway.settings('')
  const credentials = { accessKeyId, secretAccessKey }
  const s3 = new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true })
  let count = 0
  return {
    s3,
    async newLocation({ hasLock = false }: { hasLock?: boolean } = {}): Promise<S3Location> {
      const bucket = `archive-${++count}`
      await s3.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: hasLock }))
      const where = { endpoint, bucket, accessKeyId, region: 'us-east-1', prefix: 'x' }
      return { kind: 's3', ...where, pathStyle: true, authority: null }
    },
    sealedFor: (storeId: string, secret = secretAccessKey): string =>
      sealStoreCredential(CredentialBox.fromText(env().SKERRY_KEY), { secretAccessKey: secret }, storeId) ?? '',
    async versions(bucket: string): Promise<{ objects: BucketVersion[]; markers: BucketVersion[] }> {
      const page = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }))
      if (page.IsTruncated) throw new Error('more than a page')
      const named = ({ Key = '', VersionId = '' }: { Key?: string; VersionId?: string }) => ({ Key, VersionId })
      return { objects: (page.Versions ?? []).map(named), markers: (page.DeleteMarkers ?? []).map(named) }
    },
    /** Of packs. */
    async packBytes(bucket: string): Promise<number> {
      const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }))
      const packs = Versions.filter(({ Key = '' }) => Key.includes('/packs/'))
      return packs.reduce((sum, { Size = 0 }) => sum + Size, 0)
    },
  }
}

export type Buckets = ReturnType<typeof bucketsOf>

/** A gateway with a database beside it. */
export async function archiveGateway() {
  await using begun = new AsyncDisposableStack()
  const gateway = begun.adopt(await Radosgw.start(), (each) => each.stop())
  const database = begun.adopt(await testDatabase(), (each) => each.close())
  const db = begun.adopt(openDb(database.url, { scope: 'fleet' }), (each) => each.$disconnect())
  const buckets = begun.adopt(bucketsOf(gateway), ({ s3 }) => s3.destroy())
  const whole = begun.move()
  return { gateway, db, buckets, close: () => whole.disposeAsync() }
}
