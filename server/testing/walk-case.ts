import type { ErrorCode } from '#server/errors.ts'
import type { World } from './world.ts'

export type Answer = 'ok' | ErrorCode

/**
 * What each procedure says when asked about a tenant's rows: by the owner of another tenant, by the tenant's viewer and
 * owner, by an operator. Nobody and an expired session get `unauthenticated`, but where `nobody` says otherwise.
 * Every procedure of the root router must have a case; the answers of `owner` and `operator` show that the input is
 * sound, so that a refusal of the others is for who they are.
 */
export interface WalkCase {
  input?: (world: World) => unknown
  nobody?: Answer
  stranger: Answer
  viewer: Answer
  owner: Answer
  operator: Answer
}

export type Answers = [stranger: Answer, viewer: Answer, owner: Answer, operator: Answer]
export const asked = (
  input: ((world: World) => unknown) | undefined,
  ...[stranger, viewer, owner, operator]: Answers
): WalkCase => ({
  ...(input ? { input } : {}),
  stranger,
  viewer,
  owner,
  operator,
})
export const everyone: Answers = ['ok', 'ok', 'ok', 'ok']
export const tenants: Answers = ['not-found', 'ok', 'ok', 'ok']
export const membersUp: Answers = ['not-found', 'forbidden', 'ok', 'ok']
/** The owner's goes on when the operator asks for the same. */
export const begunOnce: Answers = ['not-found', 'forbidden', 'ok', 'conflict']
/** Of a tenant's row that tenants see but operators change. */
export const operatorsRow: Answers = ['not-found', 'forbidden', 'forbidden', 'ok']
export const operators: Answers = ['forbidden', 'forbidden', 'forbidden', 'ok']
export const hidden: Answers = ['not-found', 'not-found', 'not-found', 'ok']

export const tenantOf = ({ tenant }: World) => ({ tenantId: tenant.id })
