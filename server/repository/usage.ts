import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { readInPackOrder, type WantedChunk } from './chunk-reader.ts'
import type { ChunkStore } from './chunk-store.ts'
import { inBatches } from './group.ts'
import { IdOwners, idsOf } from './id-owners.ts'
import { chunkBytes, folderPrefix } from './layout.ts'
import { isZeroId, listManifests, type Manifest, nameOfManifest, readManifest } from './manifest.ts'
import { segmentsAtOnce } from './marks.ts'
import type { OpenRun } from './middle-map.ts'
import { kindOf } from './pack.ts'
import { PendingRemovals } from './pending-removal.ts'

export interface RecoveryPointUsage {
  readonly recoveryPointId: string
  /** The size of its disks. */
  readonly diskBytes: number
  /** What of it is not zeros. */
  readonly contentBytes: number
  /** Stored bytes that no other recovery point names: removing it gives them back. */
  readonly uniqueBytes: number
  /** Stored bytes that others name too, and those of content that it holds again. */
  readonly sharedBytes: number
}

export interface VmUsage {
  /** As the label of its recovery points says. */
  readonly vm: string
  /** Stored bytes that only its recovery points name: removing all of them gives them back. */
  readonly ownBytes: number
}

export interface RepositoryUsage {
  readonly recoveryPoints: readonly RecoveryPointUsage[]
  readonly vms: readonly VmUsage[]
  /** All objects of the tenant in this datastore. */
  readonly storedBytes: number
  /** What of its packs no recovery point names any more; `collect` gives most of it back. */
  readonly deadBytes: number
  /** What all recovery points hold together over what of it is different: 3 when each chunk is held thrice. */
  readonly dedupRatio: number
  /** The different content before over after compression. */
  readonly compressionRatio: number
}

const folders = ['keys', 'packs', 'manifests', 'removed', 'sessions', 'condemned', 'damage'] as const

/** Who names what, over every recovery point. A segment that many of them name is looked into once. */
export async function measureUsage(chunks: ChunkStore): Promise<RepositoryUsage> {
  await chunks.refresh()
  const manifests = await readManifests(chunks)
  const frozen = await chunks.map.freeze()
  try {
    return await countUsage(chunks, manifests, frozen.runs)
  } finally {
    frozen.release()
  }
}

async function readManifests(chunks: ChunkStore): Promise<Manifest[]> {
  const manifests: Manifest[] = []
  const removed = await new PendingRemovals(chunks, 'removed').names()
  for await (const { id } of listManifests(chunks)) {
    const manifest = removed.has(nameOfManifest(id)) ? undefined : await readManifest(chunks, id)
    if (manifest) manifests.push(manifest)
  }
  return manifests
}

function* segmentsOf({ segments }: Manifest): Generator<Buffer> {
  for (const { ids } of segments) for (const id of idsOf(ids)) if (!isZeroId(id)) yield id
}

async function countUsage(
  chunks: ChunkStore,
  manifests: readonly Manifest[],
  runs: readonly OpenRun[],
): Promise<RepositoryUsage> {
  const vmNames = manifests.map(({ description }) => description.label.vm ?? '')
  const vms = [...new Set(vmNames)]
  const owners = new IdOwners(
    runs,
    vmNames.map((vm) => vms.indexOf(vm)),
  )
  for (const [number, manifest] of manifests.entries()) {
    for (const id of segmentsOf(manifest)) owners.claim(id, number)
    await yieldToOthers()
  }
  const namedBytes = await countSegments(chunks, manifests, owners)
  const unique = manifests.map(() => 0)
  const own = vms.map(() => 0)
  let differentChunks = 0
  let dataBytes = 0
  let liveBytes = 0
  for (const { owner, record } of owners.claimed()) {
    liveBytes += record.storedBytes
    if (owner < unique.length) unique[owner] = (unique[owner] ?? 0) + record.storedBytes
    const vm = owners.groupOf(owner)
    if (vm !== undefined) own[vm] = (own[vm] ?? 0) + record.storedBytes
    if (kindOf(record.flags) !== 'data') continue
    differentChunks++
    dataBytes += record.storedBytes
  }
  const points = manifests.map((manifest, number) => {
    const { disks } = manifest.description
    const uniqueBytes = unique[number] ?? 0
    return {
      recoveryPointId: manifest.id,
      diskBytes: disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      contentBytes: disks.reduce((sum, { chunkCount }) => sum + chunkCount, 0) * chunkBytes,
      uniqueBytes,
      sharedBytes: Math.max(0, (namedBytes[number] ?? 0) - uniqueBytes),
    }
  })
  const stored = await storedBytesOf(chunks)
  const contentBytes = points.reduce((sum, point) => sum + point.contentBytes, 0)
  return {
    recoveryPoints: points,
    vms: vms.map((vm, at) => ({ vm, ownBytes: own[at] ?? 0 })),
    storedBytes: stored.all,
    deadBytes: Math.max(0, stored.frames - liveBytes),
    dedupRatio: ratio(contentBytes, differentChunks * chunkBytes),
    compressionRatio: ratio(differentChunks * chunkBytes, dataBytes),
  }
}

/** Gives each chunk to who names it. @returns for each recovery point the stored bytes of all that it names */
async function countSegments(
  chunks: ChunkStore,
  manifests: readonly Manifest[],
  owners: IdOwners,
): Promise<readonly number[]> {
  const named: number[] = manifests.map(() => 0)
  /** By the segment's place: stored bytes of it and of all that it names. */
  const sums = new Map<number, number>()
  for (const [number, manifest] of manifests.entries()) {
    const found = [...segmentsOf(manifest)].map((id) => ({ id, claim: owners.claim(id, number) }))
    const isNew = new Set<number>()
    const wanted: WantedChunk<number>[] = []
    for (const { id, claim } of found) {
      if (!claim || sums.has(claim.place) || isNew.has(claim.place)) continue
      isNew.add(claim.place)
      sums.set(claim.place, claim.storedBytes)
      wanted.push({ id, about: claim.place })
    }
    for (const batch of inBatches(wanted, segmentsAtOnce)) {
      for await (const { about: place, bytes } of readInPackOrder(chunks, batch, 'segment', () => undefined)) {
        let sum = sums.get(place) ?? 0
        for (const id of idsOf(bytes)) {
          if (!isZeroId(id)) sum += owners.claim(id, owners.ownerAt(place))?.storedBytes ?? 0
        }
        sums.set(place, sum)
      }
    }
    named[number] = found.reduce((sum, { claim }) => sum + (claim ? (sums.get(claim.place) ?? 0) : 0), 0)
  }
  return named
}

async function storedBytesOf(chunks: ChunkStore): Promise<{ all: number; frames: number }> {
  let all = 0
  for (const folder of folders) {
    for await (const { sizeBytes } of chunks.store.list(folderPrefix(chunks.owner, folder))) all += sizeBytes
  }
  let frames = 0
  for (const pack of chunks.map.packs) if (!pack.gone) frames += pack.sizeBytes
  return { all, frames }
}

const ratio = (whole: number, part: number) => (part > 0 ? whole / part : 1)
