import {
  DeleteObjectCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { unavailable } from '#server/errors.ts'
import type { LockMode } from '#server/schema/archive.ts'
import { isWriteOnce } from './layout.ts'
import { LockedError } from './locked.ts'
import type { ObjectLocks, StoredObject } from './object-store.ts'
import { asS3Error, type BucketPlace, isNoSuchKey, isNoSuchVersion, isRefused, wasDeclined } from './s3-error.ts'

export interface VersionedBucket {
  readonly client: S3Client
  readonly bucket: string
  /** Empty, or ends with a slash */
  readonly prefix: string
  place(): BucketPlace
}

interface Version extends StoredObject {
  readonly versionId: string
  readonly isLatest: boolean
}
interface Held {
  readonly until: Date
  readonly mode: LockMode
}

/** Stores take requests from clocks that far from their own, by which a lock may last that much longer. */
const clockToleranceMs = 15 * 60_000

/**
 * A bucket with object lock, whose objects have versions: deleting by name hides an object, and writing over it hides
 * what it was, for anybody who has a key to the bucket. So of what is written once the oldest version is the object,
 * whatever was put or hidden after it; all else is what its latest version is. What Skerry deletes, it deletes by
 * version, all of them, or else the space would never be given back.
 */
export class S3Versions implements ObjectLocks {
  readonly #of: VersionedBucket
  /** Of objects that are written once: the version that counts. */
  readonly #known = new Map<string, string>()
  readonly #held = new Map<string, Held>()

  constructor(bucket: VersionedBucket) {
    this.#of = bucket
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    for await (const versions of this.#byKey(prefix)) {
      const counts = countingOf(versions)
      if (!counts) continue
      const { key, sizeBytes, version, versionId } = counts
      if (isWriteOnce(key)) this.#known.set(key, versionId)
      yield { key, sizeBytes, version }
    }
  }

  /** Also those of which everything was hidden. */
  async folders(prefix: string): Promise<string[]> {
    const names: string[] = []
    for await (const page of this.#pages(prefix, '/')) {
      for (const { Prefix = '' } of page.CommonPrefixes ?? []) {
        names.push(Prefix.slice(this.#of.prefix.length + prefix.length, -1))
      }
    }
    return names
  }

  /** The version to read; nothing when there is no such object. */
  async idOf(key: string): Promise<string | undefined> {
    const known = this.#known.get(key)
    if (known) return known
    const counts = countingOf(await this.#versionsOf(key))
    if (counts && isWriteOnce(key)) this.#known.set(key, counts.versionId)
    return counts?.versionId
  }

  forget(key: string): void {
    this.#known.delete(key)
    this.#held.delete(key)
  }

  /** After a put: what is written once is now this, and what it was before is gone. @throws LockedError when it may not go */
  async written(key: string, versionId: string): Promise<void> {
    if (!isWriteOnce(key)) return
    const before = this.#known.get(key)
    if (before && before !== versionId) {
      try {
        await this.#deleteVersion(key, before)
      } catch (error) {
        await this.#deleteVersion(key, versionId)
        throw error
      }
      this.forget(key)
    }
    this.#known.set(key, versionId)
  }

  async delete(key: string): Promise<void> {
    const versions = await this.#versionsOf(key, true)
    // What counts is the last to go, so that nothing that was hidden comes back meanwhile.
    const inOrder = isWriteOnce(key) ? versions : versions.toSorted((a, b) => Number(a.isLatest) - Number(b.isLatest))
    for (const { versionId, isLatest } of inOrder) {
      try {
        await this.#deleteVersion(key, versionId)
      } catch (error) {
        if (isWriteOnce(key) || !(error instanceof LockedError)) throw error
        if (isLatest) await this.#deleteVersion(key, undefined)
      }
    }
    this.forget(key)
  }

  async hold(key: string, until: Date, mode: LockMode): Promise<void> {
    const place = this.#of.place()
    const versionId = await this.idOf(key)
    if (!versionId) {
      throw unavailable(`${key} is gone from the ${place.name}, so it can’t be locked.`, {
        wayOut: 'Somebody deletes objects there: find out who has a key to it, then try again.',
      })
    }
    const held = this.#held.get(key) ?? (await this.#retentionOf(key, versionId))
    const isEnough = held && held.until >= until && (held.mode === 'compliance' || mode === 'governance')
    if (held && isEnough) {
      this.#held.set(key, held)
      return
    }
    const next: Held = {
      // A store may keep whole seconds only.
      until: new Date(Math.ceil(Math.max(until.getTime(), held?.until.getTime() ?? 0) / 1000) * 1000),
      mode: held?.mode === 'compliance' ? 'compliance' : mode,
    }
    try {
      await this.#of.client.send(
        new PutObjectRetentionCommand({
          ...this.#object(key, versionId),
          Retention: { Mode: next.mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE', RetainUntilDate: next.until },
        }),
      )
    } catch (error) {
      throw asS3Error(error, place, 'lock what is in it', key)
    }
    this.#held.set(key, next)
  }

  async heldUntil(key: string): Promise<Date | undefined> {
    const known = this.#held.get(key)
    if (known && known.until > new Date()) return known.until
    const versionId = await this.idOf(key)
    const held = versionId ? await this.#retentionOf(key, versionId) : undefined
    return held && held.until > new Date() ? held.until : undefined
  }

  #object = (key: string, versionId: string | undefined) => ({
    Bucket: this.#of.bucket,
    Key: this.#of.prefix + key,
    ...(versionId === undefined ? {} : { VersionId: versionId }),
  })

  async #retentionOf(key: string, versionId: string): Promise<Held | undefined> {
    try {
      const { Retention } = await this.#of.client.send(new GetObjectRetentionCommand(this.#object(key, versionId)))
      if (!Retention?.RetainUntilDate) return undefined
      return { until: Retention.RetainUntilDate, mode: Retention.Mode === 'COMPLIANCE' ? 'compliance' : 'governance' }
    } catch (error) {
      // That an object has no lock is told as something that is not found.
      if (wasDeclined(error) && !isRefused(error)) return undefined
      throw asS3Error(error, this.#of.place(), 'ask until when an object is locked', key)
    }
  }

  async #deleteVersion(key: string, versionId: string | undefined): Promise<void> {
    try {
      await this.#of.client.send(new DeleteObjectCommand(this.#object(key, versionId)))
    } catch (error) {
      if (isNoSuchKey(error) || isNoSuchVersion(error)) return
      const held = versionId && isRefused(error) ? await this.#retentionOf(key, versionId) : undefined
      const { name } = this.#of.place()
      if (held && held.until.getTime() > Date.now() - clockToleranceMs)
        throw new LockedError(key, name, held.until, error)
      throw asS3Error(error, this.#of.place(), 'delete from it', key)
    }
  }

  /** Newest first. @param withMarkers after what hides it */
  async #versionsOf(key: string, withMarkers = false): Promise<Version[]> {
    const found: Version[] = []
    for await (const { Versions = [], DeleteMarkers = [] } of this.#pages(key)) {
      const all = [...(withMarkers ? DeleteMarkers : []), ...Versions].map((each) => this.#version(each))
      found.push(...all.filter((version) => version.key === key))
      if (all.some((version) => version.key > key)) break
    }
    return found
  }

  async *#byKey(prefix: string): AsyncGenerator<Version[]> {
    let versions: Version[] = []
    for await (const { Versions = [] } of this.#pages(prefix)) {
      for (const each of Versions) {
        const version = this.#version(each)
        if (versions[0] && versions[0].key !== version.key) {
          yield versions
          versions = []
        }
        versions.push(version)
      }
    }
    if (versions.length > 0) yield versions
  }

  #version(found: {
    Key?: string | undefined
    Size?: number | undefined
    ETag?: string | undefined
    LastModified?: Date | undefined
    VersionId?: string | undefined
    IsLatest?: boolean | undefined
  }): Version {
    return {
      key: (found.Key ?? '').slice(this.#of.prefix.length),
      sizeBytes: found.Size ?? 0,
      version: `${found.ETag}-${found.LastModified?.getTime()}`,
      versionId: found.VersionId ?? 'null',
      isLatest: found.IsLatest === true,
    }
  }

  async *#pages(prefix: string, delimiter?: string): AsyncGenerator<ListObjectVersionsCommandOutput> {
    let from: { KeyMarker?: string; VersionIdMarker?: string } = {}
    for (let isWhole = false; !isWhole; ) {
      const page = await this.#of.client
        .send(
          new ListObjectVersionsCommand({
            ...{ Bucket: this.#of.bucket, Prefix: this.#of.prefix + prefix, ...from },
            ...(delimiter ? { Delimiter: delimiter } : {}),
          }),
        )
        .catch((error) => {
          throw asS3Error(error, this.#of.place(), 'list what is in it', prefix)
        })
      yield page
      isWhole = !page.IsTruncated
      from = {
        ...(page.NextKeyMarker ? { KeyMarker: page.NextKeyMarker } : {}),
        ...(page.NextVersionIdMarker ? { VersionIdMarker: page.NextVersionIdMarker } : {}),
      }
    }
  }
}

const countingOf = (newestFirst: readonly Version[]): Version | undefined =>
  newestFirst[0] && isWriteOnce(newestFirst[0].key) ? newestFirst.at(-1) : newestFirst.find(({ isLatest }) => isLatest)
