import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { SkerryError } from '#server/errors.ts'
import type { ChunkKind, Keyring } from './keyring.ts'
import { folderPrefix, nameOf, type Owner, objectKey } from './layout.ts'
import type { Location } from './middle-map.ts'
import type { ObjectStore } from './object-store.ts'
import { openTenantObject, putTenantObject } from './tenant-object.ts'

const Report = z.object({
  chunks: z.array(
    z.object({
      id: z.hex().length(64),
      kind: z.enum(['data', 'segment']),
      /** Places that hold it altered; none when it is in no pack at all. */
      places: z.array(z.object({ packId: z.hex(), offset: z.number().int() })),
    }),
  ),
})
type Report = z.infer<typeof Report>
export type DamagedChunk = Report['chunks'][number]

const placeKey = (packId: string, offset: number) => `${packId}.${offset}`

/**
 * What was once found broken, kept in the store (`damage/`) so that every process knows it: writers store such content
 * anew when they meet it, and readers take another copy.
 */
export class DamageList {
  readonly #store: ObjectStore
  readonly #owner: Owner
  readonly #keyring: Keyring
  readonly #onReport: (() => void) | undefined
  #reports = new Map<string, Report>()
  #badPlaces = new Set<string>()

  constructor(store: ObjectStore, owner: Owner, keyring: Keyring, onReport?: () => void) {
    this.#store = store
    this.#owner = owner
    this.#keyring = keyring
    this.#onReport = onReport
  }

  isBad({ pack, offset }: Pick<Location, 'offset'> & { pack: { id: string } }): boolean {
    return this.#badPlaces.size > 0 && this.#badPlaces.has(placeKey(pack.id, offset))
  }

  get chunks(): DamagedChunk[] {
    return [...this.#reports.values()].flatMap((report) => report.chunks)
  }

  async refresh(): Promise<void> {
    const reports = new Map<string, Report>()
    for await (const { key } of this.#store.list(folderPrefix(this.#owner, 'damage'))) {
      const name = nameOf(key)
      const report = this.#reports.get(name) ?? (await this.#read(name))
      if (report) reports.set(name, report)
    }
    this.#take(reports)
  }

  async report(id: Buffer, kind: ChunkKind, places: readonly Location[]): Promise<void> {
    await this.reportAll([
      { id: id.toString('hex'), kind, places: places.map(({ pack, offset }) => ({ packId: pack.id, offset })) },
    ])
  }

  async reportAll(found: readonly DamagedChunk[]): Promise<void> {
    const known = new Set(this.chunks.map(({ id }) => id))
    const isNew = ({ id, places }: DamagedChunk) =>
      !known.has(id) || places.some(({ packId, offset }) => !this.#badPlaces.has(placeKey(packId, offset)))
    const chunks = found.filter(isNew)
    if (chunks.length === 0) return
    const name = randomBytes(16).toString('hex')
    await putTenantObject(
      this.#store,
      this.#owner,
      this.#keyring,
      'damage',
      name,
      Buffer.from(JSON.stringify({ chunks })),
    )
    this.#take(new Map([...this.#reports, [name, { chunks }]]))
    this.#onReport?.()
  }

  /** Forgets the reports of which nothing is left to heal. */
  async settle(isSettled: (chunk: DamagedChunk) => boolean): Promise<void> {
    const reports = new Map(this.#reports)
    for (const [name, report] of this.#reports) {
      if (!report.chunks.every(isSettled)) continue
      await this.#store.delete(objectKey(this.#owner, 'damage', name))
      reports.delete(name)
    }
    this.#take(reports)
  }

  #take(reports: Map<string, Report>) {
    this.#reports = reports
    const places = this.chunks.flatMap((chunk) => chunk.places)
    this.#badPlaces = new Set(places.map(({ packId, offset }) => placeKey(packId, offset)))
  }

  /** A report that is itself damaged says nothing: what it told is found again by the next verify. */
  async #read(name: string): Promise<Report | undefined> {
    try {
      const content = await openTenantObject(this.#store, this.#owner, this.#keyring, 'damage', name)
      return content && Report.parse(JSON.parse(content.toString('utf8')))
    } catch (error) {
      if (error instanceof SkerryError && error.name !== 'DamageError') throw error
      return undefined
    }
  }
}
