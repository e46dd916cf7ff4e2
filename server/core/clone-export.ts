import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** What an export is of: one disk of one clone, as long as that stands on this recovery point. */
export interface CloneDisk {
  tenantId: string | null
  vmUuid: string
  target: string
  recoveryPointId: string
}

const markOf = (key: string, { tenantId, vmUuid, target, recoveryPointId }: CloneDisk) => {
  const derived = Buffer.from(hkdfSync('sha256', Buffer.from(key.trim(), 'base64'), '', 'skerry clone export', 32))
  const text = JSON.stringify([tenantId, vmUuid, target, recoveryPointId])
  return createHmac('sha256', derived).update(text).digest('base64url')
}

/**
 * The name that a clone's host asks for. Nobody can guess it, and it needs no list: whoever serves finds out by it alone
 * what is asked for.
 * @param keys SKERRY_KEY
 */
export const cloneExportName = (keys: string, disk: CloneDisk) =>
  `${disk.vmUuid}.${disk.target}.${markOf(keys.split(',')[0] ?? '', disk)}`

const nameForm = /^([0-9a-f-]{36})\.([a-z0-9]+)\.[\w-]{43}$/

/** Which clone's disk a name is of, if it is one that was made here; that must be looked at still. */
export function readCloneExportName(name: string): Pick<CloneDisk, 'vmUuid' | 'target'> | null {
  const [, vmUuid, target] = nameForm.exec(name) ?? []
  return vmUuid && target ? { vmUuid, target } : null
}

/** A definition to be shown: whoever had the whole of such a name could read with it. */
export const withoutExportNames = (definition: string): string =>
  definition.replace(/([0-9a-f-]{36}\.[a-z0-9]+)\.[\w-]{43}(?=['"])/g, '$1.…')

/** Also by a key that was the newest once. */
export function isCloneExportName(keys: string, disk: CloneDisk, name: string): boolean {
  const mark = Buffer.from(name.slice(name.lastIndexOf('.') + 1))
  return keys
    .split(',')
    .map((key) => Buffer.from(markOf(key, disk)))
    .some((own) => own.length === mark.length && timingSafeEqual(own, mark))
}
