'use client'

import { useState } from 'react'
import { TextField, type TextFieldProps } from '#components/ui/text-field.tsx'

export interface UriFieldProps extends Omit<TextFieldProps, 'onBlur' | 'onEnter' | 'isMono'> {
  /** What is wrong with what stands there */
  problem?: string | undefined
}

/** libvirt's URI of a host. What is wrong with it shows once the field is left, not at the first letter. */
export function UriField({ problem, error, ...props }: UriFieldProps) {
  const [isLeft, setLeft] = useState(false)
  const showProblem = () => setLeft(true)
  return (
    <TextField
      {...props}
      isMono
      onBlur={showProblem}
      onEnter={showProblem}
      error={(isLeft ? problem : undefined) ?? error}
    />
  )
}
