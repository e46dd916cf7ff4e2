import { randomUUID } from 'node:crypto'
import { CredentialBox } from '#server/core/credential.ts'
import type { NewOperation } from '#server/core/operation.ts'
import type { Tx } from '#server/db.ts'
import { env } from '#server/env.ts'
import { conflict } from '#server/errors.ts'
import type { AddHostInput, Credential, DrainInput, EditHostInput, TestHostInput } from '#server/schema/host-action.ts'

/** Secrets never stand open in an operation: they are sealed for the id the host will have. */
function sealed(credential: Credential | null, hostId: string): string | null {
  if (credential === null) return null
  return Buffer.from(CredentialBox.fromText(env().SKERRY_KEY).seal(credential, hostId)).toString('base64')
}

/** The operations that can be asked of a host; asking and trying again go through the same functions. */
export async function hostTestOf(tx: Tx, { uri, credential, hostId: ofHost }: TestHostInput): Promise<NewOperation> {
  const known = ofHost && credential === null ? await tx.host.findUnique({ where: { id: ofHost } }) : null
  const hostId = known?.id ?? randomUUID()
  const kept = known?.credential ? Buffer.from(known.credential).toString('base64') : null
  return {
    kind: 'test-host',
    target: { kind: 'host', id: hostId, name: uri },
    tenantId: null,
    exclusive: known === null,
    input: { hostId, uri, sealed: kept ?? sealed(credential, hostId) },
  }
}

/** @throws conflict when the fleet has a host of the name or address */
export async function additionOf(tx: Tx, input: AddHostInput): Promise<NewOperation> {
  const { name, uri, siteId, migrationUri } = input
  await tx.site.findUniqueOrThrow({ where: { id: siteId } })
  const twin = await tx.host.findFirst({ where: { OR: [{ name }, { uri }] } })
  if (twin) throw conflict(`${twin.name} has this name or address already.`, 'Give it another name, or look there.')
  const hostId = randomUUID()
  return {
    kind: 'add-host',
    target: { kind: 'host', id: hostId, name },
    tenantId: null,
    input: { hostId, name, uri, siteId, migrationUri, sealed: sealed(input.credential, hostId) },
  }
}

/**
 * Migrations reach a host where Skerry does, unless it says otherwise: then they follow it.
 * @throws conflict when another host has the name or address
 */
export async function hostEditOf(
  tx: Tx,
  host: { id: string; name: string; uri: string; migrationUri: string | null },
  edit: EditHostInput,
): Promise<NewOperation> {
  const { name = host.name, uri = host.uri, credential } = edit
  const followed = host.migrationUri === host.uri ? uri : host.migrationUri
  const twin = await tx.host.findFirst({ where: { id: { not: host.id }, OR: [{ name }, { uri }] } })
  if (twin) throw conflict(`${twin.name} has this name or address already.`, 'Give it another name, or look there.')
  return operationOn(host, 'edit-host', {
    name,
    uri,
    migrationUri: edit.migrationUri === undefined ? followed : edit.migrationUri,
    keepsAccess: credential === undefined,
    sealed: credential ? sealed(credential, host.id) : null,
  })
}

type Known = { id: string; name: string }
const operationOn = ({ id, name }: Known, kind: NewOperation['kind'], input: NewOperation['input']): NewOperation => ({
  kind,
  target: { kind: 'host', id, name },
  tenantId: null,
  hostId: id,
  input,
})
export const removalOf = (host: Known): NewOperation => operationOn(host, 'remove-host', {})
export const drainOf = (host: Known, input: DrainInput): NewOperation => operationOn(host, 'drain-host', input)
