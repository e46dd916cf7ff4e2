import type { Toolkit } from './toolkit.ts'

/** Whatever else a guest runs: scripts that its owner has put there. */
export const ownScript: Toolkit = {
  id: 'own-script',
  name: 'Own scripts',
  find: 'for each in before-backup after-backup; do [ -x /etc/skerry/$each ] && echo scripts && break; done; true',
  before: '[ ! -x /etc/skerry/before-backup ] || /etc/skerry/before-backup </dev/null >&2',
  after: '[ ! -x /etc/skerry/after-backup ] || /etc/skerry/after-backup </dev/null >&2',
}
