/** Whether a version such as 9.0.0 is older than another; of one that is not known nobody can tell. */
export function isOlder(version: string | null, than: string | null): boolean {
  if (!version || !than) return false
  const [a, b] = [version, than].map((text) => text.split('.').map(Number))
  for (let i = 0; i < 3; i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
