/** The path and query of a page request, set by `proxy.ts`, so that sign-in can lead back to it. */
export const pathHeader = 'x-skerry-path'
