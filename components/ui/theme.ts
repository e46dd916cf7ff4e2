/** What a person chose; `system` follows the machine. */
export type Theme = 'light' | 'dark' | 'system'

/** The cookie that carries the choice, so that the server sends the right page at once and nothing flashes. */
export const themeCookieName = 'skerry-theme'

/** The value for `<html data-theme>` from the cookie: undefined follows the system. */
export function themeAttribute(cookieValue: string | undefined): 'light' | 'dark' | undefined {
  return cookieValue === 'light' || cookieValue === 'dark' ? cookieValue : undefined
}

/** Puts a theme on the page and remembers it for a year. */
export function applyTheme(theme: Theme): void {
  const root = document.documentElement
  if (theme === 'system') {
    delete root.dataset.theme
    document.cookie = `${themeCookieName}=; path=/; max-age=0; samesite=lax`
  } else {
    root.dataset.theme = theme
    document.cookie = `${themeCookieName}=${theme}; path=/; max-age=31536000; samesite=lax`
  }
}
