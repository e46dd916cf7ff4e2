import { createHash } from 'node:crypto'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { isWriteOnce } from './layout.ts'
import type { ByteRange, ObjectLocks, ObjectStore, StoredObject } from './object-store.ts'
import {
  asS3Error,
  type BucketPlace,
  isEmptyRange,
  isNoSuchKey,
  isNoSuchVersion,
  isRefused,
  wasAnswered,
  wasCutOff,
  wasDeclined,
} from './s3-error.ts'
import { S3Versions } from './s3-versions.ts'

export interface S3Settings {
  readonly endpoint: string
  readonly region?: string | undefined
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Below which all objects lie, with no slash at its end. */
  readonly prefix?: string | undefined
  /** http://endpoint/bucket, which most stores know, rather than http://bucket.endpoint. */
  readonly pathStyle?: boolean | undefined
  /** Who signed its certificate, as PEM, where that is nobody that machines trust by themselves. */
  readonly authority?: string | null | undefined
  /** As messages call it; the bucket at its address unless told. */
  readonly name?: string | undefined
  /** Without an answer for so long a request has failed; it is tried again. */
  readonly timeoutMs?: number | undefined
  /** How often a request is tried in all */
  readonly attempts?: number | undefined
}

const defaultAttempts = 4
const defaultTimeoutMs = 30_000

/** Objects in a bucket of anything that speaks S3. */
export class S3Store implements ObjectStore {
  name: string
  readonly #client: S3Client
  readonly #address: string
  readonly #bucket: string
  readonly #prefix: string
  readonly #attempts: number
  /** Where the bucket has object lock, and so versions. */
  #versions: S3Versions | undefined
  lockRefusal: string | undefined = 'Whether the bucket has object lock was not asked.'

  constructor(settings: S3Settings) {
    const { endpoint, bucket, accessKeyId, secretAccessKey, timeoutMs = defaultTimeoutMs } = settings
    this.#address = `bucket ${bucket} at ${endpoint}`
    this.name = settings.name ?? this.#address
    this.#bucket = bucket
    this.#attempts = settings.attempts ?? defaultAttempts
    this.#prefix = settings.prefix ? `${settings.prefix}/` : ''
    this.#client = new S3Client({
      endpoint,
      region: settings.region ?? 'us-east-1',
      credentials: { accessKeyId, secretAccessKey },
      forcePathStyle: settings.pathStyle ?? true,
      maxAttempts: this.#attempts,
      // Many stores do not know the newer checksums; an MD5 guards what we put, seals what we get.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: {
        connectionTimeout: Math.min(timeoutMs, 5000),
        requestTimeout: timeoutMs,
        throwOnRequestTimeout: true,
        ...(settings.authority ? { httpsAgent: { ca: settings.authority, keepAlive: true, maxSockets: 50 } } : {}),
      },
    })
  }

  /** @throws unavailable when the bucket can't be reached with these settings */
  static async open(settings: S3Settings): Promise<S3Store> {
    const store = new S3Store(settings)
    try {
      await store.#client.send(new HeadBucketCommand({ Bucket: settings.bucket }))
    } catch (error) {
      // An answer to HEAD has no body that would say why, so we ask in a way that has.
      if (wasAnswered(error)) {
        await store.#list('').catch((reason) => {
          throw asS3Error(reason, store.#place, 'open it')
        })
      }
      throw asS3Error(error, store.#place, 'open it')
    }
    await store.#askForLock()
    return store
  }

  get locks(): ObjectLocks | undefined {
    return this.lockRefusal === undefined ? this.#versions : undefined
  }

  close(): void {
    this.#client.destroy()
  }

  get #place(): BucketPlace {
    return { name: this.name, address: this.#address }
  }

  async put(key: string, parts: readonly Uint8Array[]): Promise<void> {
    const body = Buffer.concat(parts)
    const md5 = createHash('md5').update(body).digest('base64')
    try {
      const { VersionId } = await this.#client.send(
        new PutObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + key, Body: body, ContentMD5: md5 }),
      )
      if (this.#versions && VersionId) await this.#versions.written(key, VersionId)
    } catch (error) {
      throw asS3Error(error, this.#place, 'write to it', key)
    }
  }

  async get(key: string, range?: ByteRange): Promise<Buffer | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#get(key, range)
      } catch (error) {
        if (this.#versions && isWriteOnce(key) && (isNoSuchKey(error) || isNoSuchVersion(error))) {
          this.#versions.forget(key)
          if (attempt < this.#attempts) continue
        }
        if (isNoSuchKey(error)) return undefined
        if (isEmptyRange(error)) return Buffer.alloc(0)
        // The client tries again by itself, but not once the answer has begun.
        if (attempt < this.#attempts && wasCutOff(error)) continue
        throw asS3Error(error, this.#place, 'read from it', key)
      }
    }
  }

  list(prefix: string): AsyncIterable<StoredObject> {
    return this.#versions?.list(prefix) ?? this.#listLatest(prefix)
  }

  async *#listLatest(prefix: string): AsyncIterable<StoredObject> {
    let token: string | undefined
    do {
      const page: ListObjectsV2CommandOutput = await this.#list(prefix, token).catch((error) => {
        throw asS3Error(error, this.#place, 'list what is in it', prefix)
      })
      for (const { Key = '', Size = 0, ETag = '', LastModified } of page.Contents ?? []) {
        const version = `${ETag}-${LastModified?.getTime()}`
        yield { key: Key.slice(this.#prefix.length), sizeBytes: Size, version }
      }
      token = page.NextContinuationToken
    } while (token)
  }

  async folders(prefix: string): Promise<string[]> {
    if (this.#versions) return this.#versions.folders(prefix)
    const names: string[] = []
    let token: string | undefined
    do {
      const page: ListObjectsV2CommandOutput = await this.#list(prefix, token, '/').catch((error) => {
        throw asS3Error(error, this.#place, 'list what is in it', prefix)
      })
      for (const { Prefix = '' } of page.CommonPrefixes ?? []) {
        names.push(Prefix.slice(this.#prefix.length + prefix.length, -1))
      }
      token = page.NextContinuationToken
    } while (token)
    return names
  }

  async delete(key: string): Promise<void> {
    if (this.#versions) return this.#versions.delete(key)
    try {
      await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + key }))
    } catch (error) {
      if (!isNoSuchKey(error)) throw asS3Error(error, this.#place, 'delete from it', key)
    }
  }

  #list(prefix: string, token?: string, delimiter?: string): Promise<ListObjectsV2CommandOutput> {
    const page = {
      ...(token ? { ContinuationToken: token } : {}),
      ...(delimiter ? { Delimiter: delimiter } : {}),
    }
    return this.#client.send(new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: this.#prefix + prefix, ...page }))
  }

  /** A bucket that does not say has none: what it answers otherwise is no reason to take it for one without. */
  async #askForLock(): Promise<void> {
    try {
      const answer = await this.#client.send(new GetObjectLockConfigurationCommand({ Bucket: this.#bucket }))
      const { ObjectLockEnabled, Rule } = answer.ObjectLockConfiguration ?? {}
      this.lockRefusal = 'The bucket was made without object lock.'
      if (ObjectLockEnabled !== 'Enabled') return
      const place = () => this.#place
      this.#versions = new S3Versions({ client: this.#client, bucket: this.#bucket, prefix: this.#prefix, place })
      this.lockRefusal = Rule?.DefaultRetention
        ? 'The bucket locks by itself whatever is put into it, also what Skerry needs for a moment only.'
        : undefined
    } catch (error) {
      if (!wasDeclined(error)) throw asS3Error(error, this.#place, 'ask whether it locks objects')
      this.lockRefusal = isRefused(error)
        ? 'The access key may not ask whether the bucket has object lock.'
        : 'The bucket was made without object lock.'
    }
  }

  /** @returns nothing where there is no version that counts */
  async #get(key: string, range: ByteRange | undefined): Promise<Buffer | undefined> {
    const input = { Bucket: this.#bucket, Key: this.#prefix + key, ...(await this.#versionOf(key)) }
    if (this.#versions && isWriteOnce(key) && !('VersionId' in input)) return undefined
    const { Body, ContentLength } = await this.#client.send(
      new GetObjectCommand(range ? { ...input, Range: rangeText(range) } : input),
    )
    const bytes = await Body?.transformToByteArray()
    const buffer = bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : Buffer.alloc(0)
    if (ContentLength !== undefined && buffer.length !== ContentLength) throw new Error('aborted')
    return buffer
  }

  async #versionOf(key: string): Promise<{ VersionId?: string }> {
    const versionId = this.#versions && isWriteOnce(key) ? await this.#versions.idOf(key) : undefined
    return versionId === undefined ? {} : { VersionId: versionId }
  }
}

function rangeText({ offset, bytes }: ByteRange): string {
  return offset < 0 ? `bytes=${offset}` : `bytes=${offset}-${offset + bytes - 1}`
}
