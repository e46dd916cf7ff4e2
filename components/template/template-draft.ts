import { fieldError } from '#components/trpc/failure.ts'
import { formatBytes } from '#components/ui/format.ts'
import { TemplateFields } from '#server/schema/template.ts'

/** What a template says of itself, as it is typed. Sizes in bytes. */
export interface TemplateDraft {
  name: string
  description: string
  operatingSystem: string
  cloudInit: boolean
  defaultVcpus: number
  minMemoryBytes: number
  minDiskBytes: number
}
export type TemplateProblems = Partial<Record<keyof TemplateDraft, string>>

export const blankTemplate: TemplateDraft = {
  name: '',
  description: '',
  operatingSystem: '',
  cloudInit: true,
  defaultVcpus: 1,
  minMemoryBytes: 2 ** 30,
  minDiskBytes: 2 ** 30,
}

const words: Record<keyof TemplateDraft, string> = {
  name: 'Give it a name',
  description: '300 characters at most',
  operatingSystem: 'Say what is on it',
  cloudInit: '',
  defaultVcpus: 'From 1 to 256',
  minMemoryBytes: 'From 16 MiB to 16 TiB',
  minDiskBytes: 'From 1 MiB to 128 TiB',
}

export const templateFields = Object.keys(blankTemplate) as (keyof TemplateDraft)[]

/** What stands at the fields: what is wrong with them here, or what the refusal was about. */
export const shownProblems = (problems: TemplateProblems, error: Parameters<typeof fieldError>[0]): TemplateProblems =>
  Object.fromEntries(templateFields.map((field) => [field, problems[field] ?? fieldError(error, field)]))

/**
 * What is wrong with each field, before anything is sent.
 * @param imageBytes of the image that the first disk of each VM is made of, as far as it is known
 */
export function problemsOf(draft: TemplateDraft, imageBytes: number | null): TemplateProblems {
  const checked = TemplateFields.safeParse(draft)
  const fields = checked.success ? [] : checked.error.issues.map(({ path }) => path[0] as keyof TemplateDraft)
  const tooSmall = imageBytes !== null && draft.minDiskBytes < imageBytes
  return {
    ...(tooSmall && { minDiskBytes: `The image itself has ${formatBytes(imageBytes)}` }),
    ...Object.fromEntries(fields.map((field) => [field, words[field]])),
  }
}

const mib = 2 ** 20

/**
 * The draft with what an image asks for: its size as the least disk, unless somebody asked for more.
 * @param suggestedBytes the least disk that nobody has typed
 */
export function withImage(draft: TemplateDraft, imageBytes: number, suggestedBytes: number | null): TemplateDraft {
  const leastBytes = Math.ceil(imageBytes / mib) * mib
  const isTyped = draft.minDiskBytes !== suggestedBytes
  return { ...draft, minDiskBytes: isTyped ? Math.max(draft.minDiskBytes, leastBytes) : leastBytes }
}
