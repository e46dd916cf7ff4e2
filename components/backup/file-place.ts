import { parseAsBoolean, parseAsInteger, parseAsString, parseAsStringLiteral } from 'nuqs'
import { fileSorts } from '#server/schema/recovery-file.ts'

/** Where in a recovery point one is; names hold no slash, so the path is one word of the address. */
export const placeParams = {
  disk: parseAsString.withDefault(''),
  volume: parseAsInteger.withDefault(-1),
  path: parseAsString.withDefault(''),
  text: parseAsString.withDefault(''),
  sort: parseAsStringLiteral(fileSorts).withDefault('name'),
  descending: parseAsBoolean.withDefault(false),
}

export interface FilePlace {
  recoveryPointId: string
  disk: string
  volume: number
  path: string[]
}

export const pathOf = (text: string) => text.split('/').filter(Boolean)

/** The address of a folder, below the page's own. */
export function folderHref(pathname: string, { disk, volume, path }: FilePlace): string {
  const query = new URLSearchParams({ disk, volume: String(volume) })
  if (path.length > 0) query.set('path', path.join('/'))
  return `${pathname}?${query}`
}

export function downloadHref(kind: 'file' | 'archive', { recoveryPointId, disk, volume, path }: FilePlace): string {
  const query = new URLSearchParams([['disk', disk], ['volume', String(volume)], ...path.map((part) => ['path', part])])
  return `/api/recovery-points/${recoveryPointId}/${kind}?${query}`
}

/** Has the browser save it, and stay on the page whatever the answer is. */
export function startDownload(href: string): void {
  const link = document.createElement('a')
  link.href = href
  link.download = ''
  link.click()
}
