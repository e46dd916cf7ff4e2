import { startChild } from './child.mjs'
import { stopPrograms } from './program.mjs'

/** @typedef {import('./child.mjs').Child} Child */

/**
 * The long-running processes of one console, in the order they were started: each may need those before it, so they are
 * stopped the other way round.
 */
export class Children {
  /** @type {Child[]} */
  #children = []
  /** @type {Promise<void> | undefined} */
  #stopping
  /** @type {(child: Child) => void} */
  #reportLoss = () => {}

  /** The first child that ended without being asked to. @type {Promise<Child>} */
  lost = new Promise((resolve) => {
    this.#reportLoss = resolve
  })

  /**
   * @param {Parameters<typeof startChild>[0]} options
   * @returns {Child}
   */
  start(options) {
    return this.add(startChild(options))
  }

  /** Takes over a child that somebody else started. @param {Child} child */
  add(child) {
    this.#children.push(child)
    child.exited.then(() => this.#stopping ?? this.#reportLoss(child))
    if (this.#stopping) child.stop()
    return child
  }

  /**
   * Waits until `ready` answers something, and gives up when the time is over or a child it waits for has ended.
   * @template T
   * @param {Child} child
   * @param {number} timeoutMs
   * @param {() => Promise<T | undefined>} ready
   * @returns {Promise<T>}
   */
  async ready(child, timeoutMs, ready) {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const answer = await ready()
      if (answer !== undefined) return answer
      if (!child.running()) throw new ChildFailed(child, `did not start (${await child.exited})`)
      if (Date.now() > deadline) throw new ChildFailed(child, `was not ready after ${timeoutMs / 1000} s`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  /** Stops everything, the last started first. May be called again, and while something is starting. */
  stop() {
    this.#stopping ??= this.#stopAll()
    return this.#stopping
  }

  any() {
    return this.#children.length > 0
  }

  /** Kills what still runs, for somebody who can't wait. */
  kill() {
    for (const child of this.#children) child.kill()
  }

  async #stopAll() {
    stopPrograms()
    for (const child of this.#children.toReversed()) await child.stop()
  }
}

/** What happened to a child, with the last lines of its log. */
export class ChildFailed extends Error {
  /**
   * @param {Child} child
   * @param {string} happened
   */
  constructor(child, happened) {
    super(`${child.name} ${happened}. The last lines of ${child.logPath}:\n\n${child.logTail() || '(empty)'}`)
    this.name = 'ChildFailed'
  }
}
