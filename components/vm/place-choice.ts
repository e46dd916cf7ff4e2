/** What a list of places says of one of them. */
interface Place {
  id: string
  name: string
  eligible: boolean
}

/** What is chosen of a list that is read again while a person looks at it. */
export interface PlaceChoice {
  /** In the order they came in first: none moves away from under the pointer */
  order: readonly string[]
  chosenId: string | null
  /** A person chose it; else it is the best, as it was when it was first shown */
  isOwn: boolean
}

export const noChoice: PlaceChoice = { order: [], chosenId: null, isOwn: false }

/**
 * The choice among places as they are now. What a person chose is never exchanged for another.
 * @param bestId what to propose; without it, the first that is eligible
 * @returns the same choice when there is nothing new
 */
export function choiceAmong(choice: PlaceChoice, places: readonly Place[], bestId?: string): PlaceChoice {
  const come = places.map(({ id }) => id).filter((id) => !choice.order.includes(id))
  const eligible = places.filter((place) => place.eligible)
  const stays = choice.isOwn || eligible.some(({ id }) => id === choice.chosenId)
  const chosenId = stays ? choice.chosenId : (bestId ?? eligible[0]?.id ?? null)
  if (come.length === 0 && chosenId === choice.chosenId) return choice
  return { ...choice, order: [...choice.order, ...come], chosenId }
}

export function inOrder<P extends Place>(choice: PlaceChoice, places: readonly P[]): P[] {
  return choice.order.flatMap((id) => places.find((place) => place.id === id) ?? [])
}

/** Why it can't go where it was chosen to; undefined where it can. */
export function reasonAgainstChoice(
  choice: PlaceChoice,
  places: readonly Place[],
  noun: 'host' | 'place',
): string | undefined {
  if (!places.some((place) => place.eligible)) return `No ${noun} can take it now`
  const chosen = places.find(({ id }) => id === choice.chosenId)
  if (chosen?.eligible) return undefined
  return chosen ? `${chosen.name} can’t take it any more: choose another ${noun}` : `Choose a ${noun}`
}
