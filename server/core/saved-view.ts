import type { Tx } from '#server/db.ts'

export const listSavedViews = (tx: Tx, userId: string, page: string) =>
  tx.savedView.findMany({ where: { userId, page }, orderBy: { name: 'asc' } })

/** Saving under a name that is taken replaces that view. */
export const saveView = (tx: Tx, userId: string, view: { name: string; page: string; query: string }) =>
  tx.savedView.upsert({
    where: { userId_page_name: { userId, page: view.page, name: view.name } },
    create: { userId, ...view },
    update: { query: view.query },
  })
