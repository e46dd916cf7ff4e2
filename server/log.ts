import pino from 'pino'
import { logLevel } from './env.ts'

/** Structured log to stdout. Secrets are cut out wherever they stand. */
export const log = pino({
  level: logLevel(),
  base: undefined,
  redact: {
    paths: [
      'password',
      'secret',
      'token',
      'key',
      'credential',
      'authorization',
      'cookie',
      '*.password',
      '*.secret',
      '*.token',
      '*.credential',
    ],
    censor: '•••',
  },
})
