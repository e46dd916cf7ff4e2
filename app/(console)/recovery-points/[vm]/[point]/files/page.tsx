import type { Metadata } from 'next'
import { FileBrowser } from '#components/backup/file-browser.tsx'
import { requireActor } from '#components/trpc/server.tsx'
import { Breadcrumb } from '#components/ui/breadcrumb.tsx'
import { ButtonLink } from '#components/ui/button.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'

export const metadata: Metadata = { title: 'Files of a recovery point' }

export default async function Page({ params }: { params: Promise<{ vm: string; point: string }> }) {
  await requireActor()
  const { vm, point } = await params
  const back = (
    <ButtonLink href={`/recovery-points/${vm}`} size="sm">
      All recovery points
    </ButtonLink>
  )
  return (
    <>
      <PageHeader
        title={<Breadcrumb crumbs={[{ label: 'Recovery points', href: '/recovery-points' }, { label: 'Files' }]} />}
      />
      <div className="px-4 pb-4">
        <FileBrowser recoveryPointId={point} actions={back} />
      </div>
    </>
  )
}
