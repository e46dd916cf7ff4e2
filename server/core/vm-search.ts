import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import type { FilterTerm } from '#server/schema/filter.ts'

const escaped = (text: string) => text.replaceAll(/[\\%_]/g, '\\$&')
/** A LIKE pattern for a part of a name. */
export const nameLike = (text: string) => `%${escaped(text)}%`
/** A LIKE pattern for how an address begins, in a text that has a blank before each. */
export const addressLike = (text: string) => `% ${escaped(text)}%`

/** What `skerry_search` looks for: whatever one of these finds. */
interface Sought {
  name?: string[]
  address?: string[]
  tag?: string[]
}

/** More than this is no longer rare: the page is found sooner by walking over the VMs in its order. */
const mostRare = 1000

/** An index of parts of texts knows parts of three letters or digits; at the beginning of a text one is enough. */
const hasPart = (text: string) => /[a-z0-9]{3}/i.test(text)
const hasBeginning = (text: string) => /^[a-z0-9]/i.test(text)
/** Words of other letters are looked for in names alone. */
export const mayBeAddress = (text: string) => /^[0-9a-f.:]+$/i.test(text)

function soughtBy(term: FilterTerm): Sought | null {
  if (term.negated || term.kind === 'number') return null
  if (term.kind === 'word') {
    if (!hasPart(term.value)) return null
    if (!mayBeAddress(term.value)) return { name: [nameLike(term.value)] }
    return hasBeginning(term.value) ? { name: [nameLike(term.value)], address: [addressLike(term.value)] } : null
  }
  const { key, values } = term
  if (key === 'tag') return { tag: values }
  if (key === 'name') return values.every(hasPart) ? { name: values.map(nameLike) } : null
  if (key === 'ip') return values.every(hasBeginning) ? { address: values.map(addressLike) } : null
  return null
}

/** How a term is best asked for: by the ids of the few that it leaves; as it is, since it leaves many; or unknown. */
export type SearchResult = { ids: string[] } | 'many' | 'unknown'

/** Looks up what a term leaves in the scope of the transaction, for terms that an index knows. */
export async function searchTerm(tx: Tx, term: FilterTerm): Promise<SearchResult> {
  const sought = soughtBy(term)
  if (sought === null) return 'unknown'
  const [found] = await tx.$queryRaw<{ ids: string[] | null }[]>`
    SELECT skerry_search(${JSON.stringify(sought)}::jsonb, ${mostRare}::int)::text[] AS ids`
  return found?.ids ? { ids: found.ids } : 'many'
}

export const anyId = (ids: string[]) => Prisma.sql`vm.id = ANY (${ids}::uuid[])`
