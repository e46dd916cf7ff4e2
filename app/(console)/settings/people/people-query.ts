import { createLoader, parseAsString } from 'nuqs/server'

export const peopleParams = { search: parseAsString.withDefault('') }

export const loadPeopleParams = createLoader(peopleParams)

/** The first page's input, the same on the server (reading ahead) and in the browser. */
export const peopleInput = (search: string) => ({ limit: 100, ...(search.trim() ? { text: search.trim() } : {}) })
