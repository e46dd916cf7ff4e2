const kindWords: Record<string, string> = { 'disk-error': 'disk error' }
/** What a host tells with a change that the change itself says already. */
const saysNothing: Record<string, string> = {
  defined: 'new',
  started: 'booted',
  migrated: 'migrated',
  crashed: 'crashed',
}

/** What happened, and what more there is to say of it. */
export const eventWords = ({ kind, detail }: { kind: string; detail: string }) => ({
  what: kindWords[kind] ?? kind,
  more: saysNothing[kind] === detail ? '' : detail,
})
