import { createLoader, parseAsString, parseAsStringLiteral } from 'nuqs/server'
import type { Inputs } from '#components/trpc/client.tsx'
import { endedStates, liveStates, operationKinds } from '#server/schema/operation.ts'

/** What the list is narrowed to: one state, or all that are under way. */
export const stateChoices = ['live', ...endedStates] as const

export const operationParams = {
  state: parseAsStringLiteral(stateChoices),
  kind: parseAsStringLiteral(operationKinds),
  open: parseAsString.withDefault(''),
}
export const loadOperationParams = createLoader(operationParams)

type Narrowed = { state: (typeof stateChoices)[number] | null; kind: (typeof operationKinds)[number] | null }

/** The first page's input, the same on the server (reading ahead) and in the browser. */
export const operationInput = ({ state, kind }: Narrowed): Inputs['operation']['list'] => ({
  topLevel: true,
  limit: 50,
  ...(state ? { states: state === 'live' ? [...liveStates] : [state] } : {}),
  ...(kind ? { kinds: [kind] } : {}),
})
