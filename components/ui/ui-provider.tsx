'use client'

import { useRouter } from 'next/navigation'
import type { ReactNode } from 'react'
import { FormContext, I18nProvider, RouterProvider } from 'react-aria-components'
import { Toaster } from './toaster.tsx'

/** What is said at a field is said by us, and keeps nobody from sending the form again with something else. */
const form = { validationBehavior: 'aria' } as const

/** What the primitives need around them: the router for links in menus, one locale on both sides, the toasts. */
export function UiProvider({ children }: { children: ReactNode }) {
  const router = useRouter()
  return (
    <I18nProvider locale="en-GB">
      <RouterProvider navigate={(path) => router.push(path)}>
        <FormContext value={form}>{children}</FormContext>
        <Toaster />
      </RouterProvider>
    </I18nProvider>
  )
}
