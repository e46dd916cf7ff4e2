import { Fragment } from 'react'
import { cx } from './class-name.ts'
import { CopyButton } from './copy-button.tsx'
import { tokenizeXml, type XmlToken } from './xml-token.ts'

export interface CodeBlockProps {
  code: string
  /** `diff`: lines that begin with + or − */
  language?: 'xml' | 'diff' | 'text'
  /** What is copied, e.g. "XML". */
  label: string
  className?: string
}

const kindClass: Record<XmlToken['kind'], string | undefined> = {
  plain: undefined,
  tag: 'text-accent',
  attribute: 'text-ink-muted',
  value: 'text-series-4',
  comment: 'text-ink-faint italic',
}

/** Text to read and copy. */
export function CodeBlock({ code, language = 'text', label, className }: CodeBlockProps) {
  return (
    <div className={cx('group relative min-w-0 rounded-md border border-line bg-surface', className)}>
      <section tabIndex={0} aria-label={label} className="max-h-full overflow-auto rounded-md">
        <pre className="w-max min-w-full p-3 font-mono text-ink text-xs leading-5">
          <code>
            {language === 'xml' ? <XmlText source={code} /> : language === 'diff' ? <DiffText source={code} /> : code}
          </code>
        </pre>
      </section>
      <CopyButton
        text={code}
        label={label}
        className="absolute top-1.5 right-1.5 bg-surface opacity-0 focus-visible:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100"
      />
    </div>
  )
}

/** Lines that came in one colour, lines that went in another. */
function DiffText({ source }: { source: string }) {
  let offset = 0
  return source.split('\n').map((line) => {
    const key = offset
    offset += line.length + 1
    return (
      <span key={key} className={line.startsWith('+') ? 'text-running' : 'text-failed'}>
        {`${line}\n`}
      </span>
    )
  })
}

/** XML in colours. */
export function XmlText({ source }: { source: string }) {
  let offset = 0
  return tokenizeXml(source).map((token) => {
    const key = offset
    offset += token.text.length
    const names = kindClass[token.kind]
    return names ? (
      <span key={key} className={names}>
        {token.text}
      </span>
    ) : (
      <Fragment key={key}>{token.text}</Fragment>
    )
  })
}
