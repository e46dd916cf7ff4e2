import type { Asked } from './palette-words.ts'

/** Something that commands can be given to. */
export interface Subject {
  kind: 'vm' | 'host'
  id: string
}

interface Hit {
  kind: string
  id: string
  name: string
}

/** Of so many that fit a command's name each has its line. */
const mostSubjects = 5

/** What the commands are for: those that the name fits, or the one whose page is open. */
export function subjectsFor(
  asked: Asked,
  { found, named, ofPage }: { found?: Hit[] | undefined; named?: Hit[] | undefined; ofPage: Subject | undefined },
): Subject[] {
  if (asked.command && asked.name) return exactFirst(takeCommands(named), asked.name).slice(0, mostSubjects)
  if (!asked.command && asked.name) return exactFirst(takeCommands(found), asked.name).slice(0, 1)
  return ofPage ? [ofPage] : []
}

const takeCommands = (hits: Hit[] | undefined) =>
  (hits ?? []).flatMap(({ kind, id, name }) => (kind === 'vm' || kind === 'host' ? [{ kind, id, name } as const] : []))

const isCalled = (name: string) => (thing: { name: string }) => thing.name.toLowerCase() === name.toLowerCase()

const exactFirst = <Named extends { name: string }>(things: readonly Named[], name: string): Named[] => {
  const exact = things.filter(isCalled(name))
  return exact.length > 0 ? exact : [...things]
}

/**
 * Whether Enter alone may give the first of these commands: somebody typed what to do, and named in full the only one
 * that it can be for, or stands on its page. A name that merely begins so may be that of another.
 */
export function isSurelyMeant(asked: Asked, commands: readonly { name: string; subject: Subject }[]): boolean {
  const isOne = new Set(commands.map(({ subject }) => subject.id)).size === 1
  return asked.command !== '' && isOne && (asked.name === '' || commands.every(isCalled(asked.name)))
}
