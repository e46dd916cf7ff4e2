/** A piece of a typed filter, as its parser saw it: offsets into the text, end excluded. */
export interface FilterToken {
  start: number
  end: number
  kind: 'key' | 'operator' | 'value' | 'text' | 'error'
  /** For errors: what is wrong and how to right it. */
  message?: string
}

/** A completion: puts `text` in place of what stands between the offsets. */
export interface FilterSuggestion {
  id: string
  text: string
  replaceStart: number
  replaceEnd: number
  label: string
  detail?: string
}

/** A stretch of the text with its colour; `plain` lies between tokens. */
export interface FilterSegment {
  start: number
  text: string
  kind: FilterToken['kind'] | 'plain'
}

/** The whole text cut along its tokens, nothing lost or doubled; tokens that overlap or lie outside are cut to fit. */
export function segmentFilter(text: string, tokens: readonly FilterToken[]): FilterSegment[] {
  const segments: FilterSegment[] = []
  let position = 0
  const add = (end: number, kind: FilterSegment['kind']) => {
    if (end > position) segments.push({ start: position, text: text.slice(position, end), kind })
    position = Math.max(position, end)
  }
  for (const token of [...tokens].sort((a, b) => a.start - b.start)) {
    add(Math.min(token.start, text.length), 'plain')
    add(Math.min(token.end, text.length), token.kind)
  }
  add(text.length, 'plain')
  return segments
}

/** The text and the caret after a suggestion was taken. One that completes a value leaves room for the next word. */
export function applySuggestion(text: string, suggestion: FilterSuggestion): { text: string; caret: number } {
  const before = text.slice(0, suggestion.replaceStart)
  const after = text.slice(suggestion.replaceEnd)
  const isComplete = !/[:<>=]$/.test(suggestion.text)
  const inserted = isComplete && !after.startsWith(' ') ? `${suggestion.text} ` : suggestion.text
  const caret = before.length + inserted.length + (isComplete && after.startsWith(' ') ? 1 : 0)
  return { text: before + inserted + after, caret }
}
