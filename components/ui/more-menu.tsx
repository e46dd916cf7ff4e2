import { Ellipsis } from 'lucide-react'
import type { ComponentProps } from 'react'
import { IconButton } from './icon-button.tsx'
import { Menu } from './menu.tsx'

export interface MoreMenuProps {
  /** What the commands are for */
  name: string
  groups: ComponentProps<typeof Menu>['groups']
}

/** At the end of a page's head: the commands that have no button of their own. */
export function MoreMenu({ name, groups }: MoreMenuProps) {
  return (
    <Menu
      label={`Commands for ${name}`}
      trigger={
        <IconButton
          label="More commands"
          size="md"
          variant="secondary"
          icon={<Ellipsis size={15} aria-hidden="true" />}
        />
      }
      groups={groups}
    />
  )
}
