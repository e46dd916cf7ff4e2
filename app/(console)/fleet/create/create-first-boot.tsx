'use client'

import { Card } from '#components/ui/card.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { TextArea } from '#components/ui/text-area.tsx'
import type { Template } from './create-draft.ts'
import type { CreatePartProps } from './create-part.ts'

const example = `#cloud-config
packages:
  - nginx
runcmd:
  - systemctl enable --now nginx`

/** What the guest is told at its first boot, where the template listens. */
export function CreateFirstBoot(props: CreatePartProps & { template: Template | undefined }) {
  const { draft, onChange, problems, template } = props
  return (
    <Card title="First boot">
      <div className="flex flex-col gap-4">
        {template?.cloudInit ? (
          <>
            <TextArea
              label="SSH public key"
              value={draft.sshKey}
              onChange={(sshKey) => onChange({ ...draft, sshKey })}
              rows={2}
              isMono
              placeholder="ssh-ed25519 AAAA… you@laptop"
              description="For the system’s usual user. Left out, nobody can sign in over SSH with a key."
            />
            <TextArea
              label="cloud-init user data"
              value={draft.userData}
              onChange={(userData) => onChange({ ...draft, userData })}
              rows={8}
              isMono
              placeholder={example}
              error={problems.userData}
              description="Read once, when it boots for the first time. Its name is its host name without any of this."
            />
          </>
        ) : (
          <p className="text-sm text-ink-muted">
            {template
              ? `${template.name} takes no cloud-init user data.`
              : 'Blank disks take no cloud-init user data: there is nothing on them that would read it.'}
          </p>
        )}
        <Checkbox isSelected={draft.start} onChange={(start) => onChange({ ...draft, start })}>
          Start it when it is made
        </Checkbox>
      </div>
    </Card>
  )
}
