'use client'

import { Card } from '#components/ui/card.tsx'
import { formatBytes } from '#components/ui/format.ts'
import { Link } from '#components/ui/link.tsx'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { TagList } from '#components/ui/tag.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { type Template, withTemplate } from './create-draft.ts'
import type { CreatePartProps } from './create-part.ts'

const blank = 'blank'

/** Name, tags, and what it starts from. */
export function CreateWhat(props: CreatePartProps & { templates: readonly Template[]; operator: boolean }) {
  const { draft, onChange, problems, templates, operator } = props
  const cards = [
    ...templates.map((template) => ({
      id: template.id,
      title: template.name,
      description: template.description || template.operatingSystem,
      aside: `from ${formatBytes(Number(template.minMemoryBytes))}`,
    })),
    {
      id: blank,
      title: 'Blank disks',
      description:
        'Nothing on them. To install a system, connect a VNC client to the address on the VM’s Configuration tab.',
    },
  ]
  return (
    <Card title="What">
      <div className="flex flex-col gap-4">
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <TextField
            label="Name"
            value={draft.name}
            onChange={(name) => onChange({ ...draft, name })}
            error={problems.name}
            isMono
            autoFocus
            maxLength={63}
            placeholder="web-01"
          />
          <div className="flex flex-col gap-1">
            <span className="text-xs font-medium text-ink-muted">Tags</span>
            <TagList tags={draft.tags} onChange={(tags) => onChange({ ...draft, tags })} className="min-h-8" />
            {problems.tags && <span className="text-xs text-failed">{problems.tags}</span>}
          </div>
        </div>
        <RadioCards
          label="Starts from"
          columns={2}
          value={draft.templateId ?? blank}
          onChange={(id) =>
            onChange(
              withTemplate(
                draft,
                templates.find((template) => template.id === id),
              ),
            )
          }
          cards={cards}
          description={<MissingTemplate isNone={templates.length === 0} operator={operator} />}
        />
      </div>
    </Card>
  )
}

/** Who can help when what is wanted is not among them. */
function MissingTemplate({ isNone, operator }: { isNone: boolean; operator: boolean }) {
  if (!operator) return isNone ? 'There is no template yet: an operator can add one.' : null
  return (
    <>
      {isNone ? 'No template?' : 'Another one?'} <Link href="/templates?add=yes">Add a template</Link> of a disk image
      that your hosts have.
    </>
  )
}
