'use client'

import { useRouter } from 'next/navigation'
import type { ReactNode } from 'react'
import { I18nProvider, RouterProvider } from 'react-aria-components'
import { Toaster } from './toaster.tsx'

/** What the primitives need around them: the router for links in menus, one locale on both sides, the toasts. */
export function UiProvider({ children }: { children: ReactNode }) {
  const router = useRouter()
  return (
    <I18nProvider locale="en-GB">
      <RouterProvider navigate={(path) => router.push(path)}>
        {children}
        <Toaster />
      </RouterProvider>
    </I18nProvider>
  )
}
