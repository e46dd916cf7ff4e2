import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Files below a folder, by their whole paths, in order; none where there is no folder */
export async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort()
}

/** Those of them that hold blocks of backups */
export const packsOf = async (folder: string): Promise<string[]> =>
  (await filesOf(folder)).filter((path) => /\/packs\/[^/]+$/.test(path))
