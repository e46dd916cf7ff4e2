import type { CreateDraft, CreateProblems } from './create-draft.ts'

/** What each part of the form gets. */
export interface CreatePartProps {
  draft: CreateDraft
  onChange: (draft: CreateDraft) => void
  problems: CreateProblems
}
