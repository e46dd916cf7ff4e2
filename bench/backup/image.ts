import { execFileSync } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { seededRandom } from '#server/repository/testing/random.ts'

const mib = 2 ** 20
export const imageBytes = 2048 * mib
/** 40 % programs and texts of this machine, then 25 % noise, then nothing. */
const textEnd = Math.floor((imageBytes * 0.4) / 65_536) * 65_536
const noiseEnd = Math.floor((imageBytes * 0.65) / 65_536) * 65_536

export interface Change {
  readonly offset: number
  readonly bytes: number
}

/** Sizes of changed extents, and what share of the disk each kind changes: 46 MiB in all. */
const changeKinds = [
  { bytes: 256 * 1024, share: 0.01 },
  { bytes: 64 * 1024, share: 0.01 },
  { bytes: 4 * 1024, share: 0.0025 },
]

/** A disk of a gigabyte of data and, in `v2.img` beside it, what it is a day later. @returns what changed */
export async function makeImages(folder: string): Promise<Change[]> {
  const random = seededRandom(7)
  const pick = (below: number) => Math.floor(random() * below)
  const files = globSync('/usr/lib/**/*')
    .filter((path) => isUsable(path))
    .sort((a, b) => (a < b ? -1 : 1))
  const text = async () => readFile(files[pick(files.length)] ?? '')
  const image = await open(`${folder}/v1.img`, 'w')
  await image.truncate(imageBytes)
  for (let at = mib; at < textEnd; ) {
    const bytes = (await text()).subarray(0, textEnd - at)
    await image.write(bytes, 0, bytes.length, at)
    at += Math.ceil(bytes.length / 4096) * 4096
  }
  for (let at = textEnd; at < noiseEnd; at += mib) await writeNoise(image, at, Math.min(mib, noiseEnd - at))
  await image.close()
  execFileSync('cp', ['--sparse=always', `${folder}/v1.img`, `${folder}/v2.img`])
  const later = await open(`${folder}/v2.img`, 'r+')
  const changes: Change[] = []
  for (const { bytes, share } of changeKinds) {
    for (let count = Math.floor((imageBytes * share) / bytes); count > 0; count--) {
      const offset = pick(Math.floor(noiseEnd / bytes)) * bytes
      await writeNoise(later, offset, bytes / 2)
      await later.write((await text()).subarray(0, bytes / 2), 0, bytes / 2, offset + bytes / 2)
      changes.push({ offset, bytes })
    }
  }
  await later.sync()
  await later.close()
  return changes
}

function isUsable(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isFile() === true && found.size > 256 * 1024 && found.size < 50 * mib
}

async function writeNoise(file: FileHandle, offset: number, bytes: number) {
  const noise = crypto.getRandomValues(new Uint8Array(Math.min(bytes, 65_536)))
  for (let at = 0; at < bytes; at += noise.length) {
    await file.write(crypto.getRandomValues(noise), 0, Math.min(noise.length, bytes - at), offset + at)
  }
}
