'use client'

import { Monitor, Moon, Sun } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { IconButton } from './icon-button.tsx'
import { SegmentedControl } from './segmented-control.tsx'
import { applyTheme, type Theme, themeAttribute } from './theme.ts'

function subscribe(listener: () => void): () => void {
  const observer = new MutationObserver(listener)
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
  return () => observer.disconnect()
}

/** The theme in force on the page; `system` until a person chose. */
export function useTheme(): Theme {
  return useSyncExternalStore<Theme>(
    subscribe,
    () => themeAttribute(document.documentElement.dataset.theme) ?? 'system',
    () => 'system',
  )
}

const order: Theme[] = ['system', 'light', 'dark']
const icons = { system: Monitor, light: Sun, dark: Moon }

/** Steps through system, light and dark. */
export function ThemeToggle() {
  const theme = useTheme()
  const next = order[(order.indexOf(theme) + 1) % order.length] ?? 'system'
  const Icon = icons[theme]
  return (
    <IconButton
      label={`Theme: ${theme}. Change to ${next}`}
      icon={<Icon size={15} aria-hidden="true" />}
      onPress={() => applyTheme(next)}
    />
  )
}

/** The same choice spelled out, for the preferences page. */
export function ThemeChoice() {
  const theme = useTheme()
  return (
    <SegmentedControl
      label="Theme"
      value={theme}
      onChange={applyTheme}
      segments={[
        { id: 'system', label: 'System', icon: <Monitor size={13} aria-hidden="true" /> },
        { id: 'light', label: 'Light', icon: <Sun size={13} aria-hidden="true" /> },
        { id: 'dark', label: 'Dark', icon: <Moon size={13} aria-hidden="true" /> },
      ]}
    />
  )
}
