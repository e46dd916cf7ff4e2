import { sql, vmId } from './fleet.ts'

const firstOf = async (table: string) =>
  (await sql<{ id: string }>(`SELECT id FROM ${table} ORDER BY name LIMIT 1`))[0]?.id
const vm = () => vmId('shop-db-1')
const host = () => firstOf('host')

/** Every kind of page; where a path has an ID, with what gives it. */
export const pageGroups: Record<string, [path: string, id?: () => Promise<string | undefined>][]> = {
  'the fleet': [['/'], ['/fleet'], ['/fleet?filter=name%3Anothing-like-it'], ['/fleet/create'], ['/no-such-page']],
  'a VM': [
    ['/vms/ID', vm],
    ['/vms/ID/configuration', vm],
    ['/vms/ID/snapshots', vm],
    ['/vms/ID/backups', vm],
  ],
  'a VM’s records': [['/vms/ID/events', vm], ['/vms/ID/permissions', vm], ['/vms/ID/xml', vm], ['/templates']],
  hosts: [['/hosts'], ['/hosts/ID', host], ['/hosts/ID/vms', host], ['/hosts/ID/storage', host]],
  places: [['/sites'], ['/sites/ID', () => firstOf('site')], ['/networks'], ['/networks?open=fleet']],
  protection: [['/protection'], ['/protection?view=policies']],
  storage: [['/hosts/ID/devices', host], ['/storage'], ['/datastores'], ['/recovery-points'], ['/archive']],
  people: [['/tenants'], ['/tenants/ID', () => firstOf('tenant')], ['/operations'], ['/audit']],
  settings: [['/settings'], ['/settings/people'], ['/settings/security'], ['/settings/api-keys']],
}

/** What the pages of a group open at the least: who finds none of it has not looked. */
export const knownDialogs: Record<string, string[]> = {
  hosts: ['Add host', 'Drain…', 'Edit…', 'Remove…'],
  places: ['Create site'],
  storage: ['Add datastore', 'Add archive store'],
  people: ['Create tenant'],
  settings: ['Create account', 'Create key', 'New password…'],
}
