/** What comes in one go is waited for so long. */
const gatherMs = 50

type Work = () => Promise<unknown>

interface Task {
  startedAtMs: number
  /** Set while it is still to be done */
  timer?: ReturnType<typeof setTimeout> | undefined
  isUnderWay: boolean
  /** Asks for it once more */
  again?: (() => void) | undefined
}

/** Does each thing by its name soon after it was asked for, and again only when it is through and so much time has passed. */
export class Paced {
  readonly #tasks = new Map<string, Task>()

  /** Asked for while it is still to be done, it is done once; asked for while it is under way, once more after that. */
  run(name: string, everyMs: number, work: Work): void {
    const task = this.#tasks.get(name) ?? { startedAtMs: -Infinity, isUnderWay: false }
    this.#tasks.set(name, task)
    if (task.timer !== undefined) return
    if (task.isUnderWay) task.again = () => this.run(name, everyMs, work)
    else {
      const restMs = task.startedAtMs + everyMs - performance.now()
      task.timer = setTimeout(() => void this.#start(name, task, work), Math.max(gatherMs, restMs))
    }
  }

  async #start(name: string, task: Task, work: Work): Promise<void> {
    task.timer = undefined
    task.startedAtMs = performance.now()
    task.isUnderWay = true
    await work().catch(() => undefined)
    task.isUnderWay = false
    const { again } = task
    task.again = undefined
    // Stopped meanwhile, it is no longer among the tasks.
    if (this.#tasks.get(name) === task) again?.()
  }

  stop(): void {
    for (const { timer } of this.#tasks.values()) clearTimeout(timer)
    this.#tasks.clear()
  }
}
