/** A piece of XML to be coloured. */
export interface XmlToken {
  text: string
  kind: 'plain' | 'tag' | 'attribute' | 'value' | 'comment'
}

const pattern = /(<!--[\s\S]*?(?:-->|$))|(<\/?[\w:.-]*|\/?>|<\?[\w-]*|\?>)|([\w:.-]+)(?==["'])|("[^"<]*"|'[^'<]*')/g

/** Cuts XML into coloured pieces: forgiving, and nothing lost, so that half-typed text can be shown too. */
export function tokenizeXml(source: string): XmlToken[] {
  const tokens: XmlToken[] = []
  let position = 0
  let isInTag = false
  for (const match of source.matchAll(pattern)) {
    const [text, comment, tag, attribute] = match
    if (match.index > position) tokens.push({ text: source.slice(position, match.index), kind: 'plain' })
    position = match.index + text.length
    const kind = comment ? 'comment' : tag ? 'tag' : !isInTag ? 'plain' : attribute ? 'attribute' : 'value'
    if (tag) isInTag = text.startsWith('<')
    tokens.push({ text, kind })
  }
  if (position < source.length) tokens.push({ text: source.slice(position), kind: 'plain' })
  return tokens
}
