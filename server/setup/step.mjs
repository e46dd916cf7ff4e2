import { stripVTControlCharacters } from 'node:util'

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const quietIntervalMs = 15_000

/** @param {number} ms */
export function seconds(ms) {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
}

/**
 * A failure whose message is for the person at the terminal: what stood in the way and what to do. It is shown as it is.
 */
export class SetupError extends Error {
  /** @override */
  name = 'SetupError'
}

/**
 * @typedef {(detail: string) => void} Detail says what a step is doing right now
 */

/**
 * Runs one step and shows that it is alive: on a terminal a line with a spinner, the time and what it does right now;
 * elsewhere a line at the start, one every 15 s, and one at the end with the time it took.
 * @template T
 * @param {string} title
 * @param {(detail: Detail) => Promise<T>} work
 * @param {{ out?: NodeJS.WriteStream, summary?: (result: T) => string | undefined }} options `summary` is put behind the title at the end
 * @returns {Promise<T>}
 */
export async function step(title, work, { out = process.stdout, summary } = {}) {
  const startedAt = performance.now()
  const elapsed = () => seconds(performance.now() - startedAt)
  let detail = ''
  let frame = 0
  const show = () => {
    if (!out.isTTY) return void out.write(`  ${title}… still working after ${elapsed()}${detail && `: ${detail}`}\n`)
    const line = `${frames[frame++ % frames.length]} ${title}  ${elapsed()}  ${detail}`
    out.write(`\r\x1b[2K${line.slice(0, (out.columns || 80) - 1)}`)
  }
  if (!out.isTTY) out.write(`  ${title}…\n`)
  const timer = setInterval(show, out.isTTY ? 100 : quietIntervalMs)
  const end = (/** @type {string} */ mark, /** @type {string} */ note) => {
    clearInterval(timer)
    out.write(`${out.isTTY ? '\r\x1b[2K' : ''}${mark} ${(title + note).padEnd(56)} ${elapsed().padStart(9)}\n`)
  }
  try {
    const result = await work((text) => {
      detail = stripVTControlCharacters(text).trim()
    })
    const note = summary?.(result)
    end('✓', note ? `: ${note}` : '')
    return result
  } catch (error) {
    end('✗', '')
    throw error
  }
}
