'use client'

import { useRouter } from 'next/navigation'
import { createContext, useContext } from 'react'

export type Go = (href: string) => void

/** What leads to another page where something must be known before. */
export const GoContext = createContext<Go | null>(null)

/** Leads to another page of the console by itself, where no link is followed. */
export function useGo(): Go {
  const { push } = useRouter()
  return useContext(GoContext) ?? push
}
