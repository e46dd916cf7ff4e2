import { FileBrowser } from '#components/backup/file-browser.tsx'
import { ButtonLink } from '#components/ui/button.tsx'

export default async function Page({ params }: { params: Promise<{ vm: string; point: string }> }) {
  const { vm, point } = await params
  const back = (
    <ButtonLink href={`/vms/${vm}/backups`} size="sm">
      All recovery points
    </ButtonLink>
  )
  return <FileBrowser recoveryPointId={point} actions={back} />
}
