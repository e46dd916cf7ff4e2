import { setImmediate as yieldToOthers } from 'node:timers/promises'
import type { ChunkStore } from './chunk-store.ts'
import { idBytes } from './layout.ts'
import { readRecord, recordBytes } from './location-run.ts'
import type { LiveMarks } from './marks.ts'
import type { OpenRun, PackState } from './middle-map.ts'

export interface PackUse {
  liveBytes: number
  allBytes: number
  entries: number
}

/** For each pack that stays, how much of it lives and is the copy that readers take. */
export async function packUses(
  chunks: ChunkStore,
  runs: readonly OpenRun[],
  marks: LiveMarks,
): Promise<Map<PackState, PackUse>> {
  const uses = new Map<PackState, PackUse>()
  for (const { file, packs } of runs) {
    for (const pack of packs) {
      if (!pack.gone && !pack.condemned && !uses.has(pack)) uses.set(pack, { liveBytes: 0, allBytes: 0, entries: 0 })
    }
    for (const { records } of file.blocks()) {
      for (let at = 0; at < records.length; at += recordBytes) {
        const { packNumber, offset, storedBytes } = readRecord(records, at)
        const pack = packs[packNumber]
        const use = pack && uses.get(pack)
        if (!use) continue
        use.allBytes += storedBytes
        use.entries++
        const id = records.subarray(at, at + idBytes)
        if (!marks.has(id)) continue
        const kept = chunks.locateLasting(id)
        if (!kept || (kept.pack === pack && kept.offset === offset)) use.liveBytes += storedBytes
      }
      await yieldToOthers()
    }
  }
  return uses
}
