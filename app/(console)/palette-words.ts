const wordsOf = (text: string) =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)

/** Whether each typed word begins a word of the texts, in any order: "sna" finds "Take snapshot…", "art" no "Start". */
export function isFoundBy(texts: readonly string[], typed: string): boolean {
  if (typed.trim() === '') return true
  const words = texts.flatMap(wordsOf)
  const typedWords = wordsOf(typed)
  return typedWords.length > 0 && typedWords.every((word) => words.some((known) => known.startsWith(word)))
}

export interface Asked {
  /** What to do; empty where only something is named */
  command: string
  /** What to do it to; empty where only a command is named */
  name: string
}

/** Words that a sentence has and a name has not. */
const fillers: ReadonlySet<string> = new Set(['a', 'an', 'of', 'the', 'on', 'for'])

/**
 * "migrate shop-web-1", "shop-web-1 migrate", "take a snapshot of shop-web-1": a command and a name, in either order.
 * @param commands the texts by which each command is found
 */
export function askedOf(typed: string, commands: readonly (readonly string[])[]): Asked {
  const all = typed.trim().split(/\s+/).filter(Boolean)
  const words = all.length > 2 ? all.filter((word) => !fillers.has(word.toLowerCase())) : all
  // One letter is no word yet, and what has more in it than letters is a name.
  const isCommand = (part: readonly string[]) =>
    part.every((word) => /^\p{L}{2,}$/u.test(word)) && commands.some((texts) => isFoundBy(texts, part.join(' ')))
  const asked = (command: readonly string[], name: readonly string[]) => ({
    command: command.join(' '),
    name: name.join(' '),
  })
  for (let count = words.length; count > 0; count--) {
    if (isCommand(words.slice(0, count))) return asked(words.slice(0, count), words.slice(count))
    if (isCommand(words.slice(-count))) return asked(words.slice(-count), words.slice(0, -count))
  }
  return { command: '', name: typed.trim() }
}
