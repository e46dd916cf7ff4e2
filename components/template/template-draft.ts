import { fieldError } from '#components/trpc/failure.ts'
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
  minMemoryBytes: '16 MiB at least',
  minDiskBytes: '1 MiB at least',
}

export const templateFields = Object.keys(blankTemplate) as (keyof TemplateDraft)[]

/** What stands at the fields: what is wrong with them here, or what the refusal was about. */
export const shownProblems = (problems: TemplateProblems, error: Parameters<typeof fieldError>[0]): TemplateProblems =>
  Object.fromEntries(templateFields.map((field) => [field, problems[field] ?? fieldError(error, field)]))

/** What is wrong with each field, before anything is sent. */
export function problemsOf(draft: TemplateDraft): TemplateProblems {
  const checked = TemplateFields.safeParse(draft)
  const fields = checked.success ? [] : checked.error.issues.map(({ path }) => path[0] as keyof TemplateDraft)
  return Object.fromEntries(fields.map((field) => [field, words[field]]))
}
