'use client'

import { useState, useSyncExternalStore } from 'react'
import { Card } from '#components/ui/card.tsx'
import { CodeBlock } from '#components/ui/code-block.tsx'
import { SegmentedControl } from '#components/ui/segmented-control.tsx'

const never = () => () => {}

const curl = (origin: string) => `# VMs whose name has "web" in it
curl -s -G ${origin}/api/trpc/vm.list -H "x-api-key: $KEY" \\
  --data-urlencode 'input={"json":{"filter":"name:web"}}'

# start one
curl -s ${origin}/api/trpc/vm.power -H "x-api-key: $KEY" \\
  -H 'content-type: application/json' -d '{"json":{"id":"'$VM'","action":"start"}}'`

const typescript = (origin: string) => `import { env } from 'node:process'
import { createTRPCClient, httpBatchLink } from '@trpc/client'
import superjson from 'superjson'
import type { AppRouter } from './server/api/root.ts'

const headers = { 'x-api-key': env.KEY }
const link = httpBatchLink({ url: '${origin}/api/trpc', transformer: superjson, headers })
const skerry = createTRPCClient<AppRouter>({ links: [link] })

const { rows } = await skerry.vm.list.query({ filter: 'name:web' })
const { operationId } = await skerry.vm.power.mutate({ id: rows[0].id, action: 'start' })`

/** How a script uses a key, ready to copy with this console's own address. */
export function ApiKeyExample() {
  const [language, setLanguage] = useState<'curl' | 'typescript'>('curl')
  const origin = useSyncExternalStore(
    never,
    () => window.location.origin,
    () => 'https://skerry.example',
  )
  const code = language === 'curl' ? curl(origin) : typescript(origin)
  return (
    <Card
      title="Use it"
      actions={
        <SegmentedControl
          label="Language of the example"
          value={language}
          onChange={setLanguage}
          segments={[
            { id: 'curl', label: 'curl' },
            { id: 'typescript', label: 'TypeScript' },
          ]}
        />
      }
    >
      <p className="mb-2 text-sm text-ink-muted">
        The console itself uses the same procedures. Give the key in the header{' '}
        <code className="font-mono">x-api-key</code>.
      </p>
      <CodeBlock code={code} label="example" />
    </Card>
  )
}
