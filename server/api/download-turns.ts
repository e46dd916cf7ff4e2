import { createBuckets } from '#server/auth/rate.ts'
import { unavailable } from '#server/errors.ts'

const mostAtOnce = 4

/** How often, and how many at once, each actor may download through this process. */
export class DownloadTurns {
  readonly #take = createBuckets(30, 60)
  readonly #underWay = new Map<string, number>()

  /** @returns what ends the turn @throws unavailable for who has too many */
  begin(actorId: string): () => void {
    const count = this.#underWay.get(actorId) ?? 0
    if (count >= mostAtOnce) {
      throw unavailable(`You have ${mostAtOnce} downloads under way already.`, {
        wayOut: 'Wait until one of them ends.',
      })
    }
    this.#take(actorId)
    this.#underWay.set(actorId, count + 1)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      const left = (this.#underWay.get(actorId) ?? 1) - 1
      if (left > 0) this.#underWay.set(actorId, left)
      else this.#underWay.delete(actorId)
    }
  }
}
