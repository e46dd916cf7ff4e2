import pino from 'pino'
import { env } from './env.ts'

/** Structured log to stdout. Secrets are cut out wherever they stand. */
export const log = pino({
  level: env().SKERRY_LOG_LEVEL,
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
