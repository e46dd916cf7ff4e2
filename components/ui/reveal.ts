/** As a ref: shows what comes into a dialog below what is seen of it. A page stays where it is. */
export function revealInDialog(element: HTMLElement | null): void {
  if (element?.closest('[role="dialog"], [role="alertdialog"]')) element.scrollIntoView({ block: 'nearest' })
}
