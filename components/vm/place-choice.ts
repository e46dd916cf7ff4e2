/** What a list of places says of one of them. */
interface Place {
  id: string
  name: string
  eligible: boolean
}

/** What is chosen of a list that is read again while a person looks at it. */
export interface PlaceChoice {
  /** In the order in which they were first shown: none moves away from under the pointer */
  order: readonly string[]
  /** What was proposed or chosen is not exchanged for another: the way there is told of this one */
  chosenId: string | null
  /** What was chosen when it was last seen to be no longer listed: a keyboard's way must not lead by it any more */
  goneId: string | null
}

export const noChoice: PlaceChoice = { order: [], chosenId: null, goneId: null }

/**
 * The choice among places as they are now.
 * @param places in the order in which to show those that are new
 * @param best what to propose where nothing was yet; else the first that is eligible
 * @returns the same choice when there is nothing new
 */
export function choiceAmong(
  choice: PlaceChoice,
  places: readonly Place[],
  best = places.find((place) => place.eligible),
): PlaceChoice {
  const newIds = places.map(({ id }) => id).filter((id) => !choice.order.includes(id))
  const chosenId = choice.chosenId ?? best?.id ?? null
  const isGone = places.length > 0 && chosenId !== null && !places.some(({ id }) => id === chosenId)
  const goneId = isGone ? chosenId : choice.goneId
  if (newIds.length === 0 && chosenId === choice.chosenId && goneId === choice.goneId) return choice
  return { order: [...choice.order, ...newIds], chosenId, goneId }
}

/** The place that was chosen, where it can be taken. */
export const placeOf = <P extends Place>(choice: PlaceChoice, places: readonly P[]): P | undefined =>
  places.find(({ id, eligible }) => eligible && id === choice.chosenId)

/** What is chosen, where it is listed at all. */
export const listedChoice = (choice: PlaceChoice, places: readonly Place[]): string | null =>
  places.find(({ id }) => id === choice.chosenId)?.id ?? null

export const inOrder = <P extends Place>(choice: PlaceChoice, places: readonly P[]): P[] =>
  choice.order.flatMap((id) => places.find((place) => place.id === id) ?? [])

/** Why it can't go where it was chosen to; undefined where it can. */
export function reasonAgainstChoice(
  choice: PlaceChoice,
  places: readonly Place[],
  noun: 'host' | 'place',
): string | undefined {
  if (placeOf(choice, places)) return undefined
  if (!places.some((place) => place.eligible)) return `No ${noun} can take it now`
  const chosen = places.find(({ id }) => id === choice.chosenId)
  return chosen ? `${chosen.name} can’t take it now: choose another ${noun}` : `Choose a ${noun}`
}
