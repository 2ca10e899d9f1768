import { expect, it } from 'vitest'
import { formatLogLine } from './format-log-line.ts'

it('shows a log entry as a person reads it', () => {
  const line = JSON.stringify({
    level: 40,
    time: Date.parse('2026-11-25T15:04:05Z'),
    msg: 'the provider failed',
    provider: 'acme',
    error: { message: 'refused', stack: '…' },
    status: 502,
  })
  expect(formatLogLine(line)).toBe(
    '15:04:05 warning: the provider failed (provider: acme, error: refused, status: 502)\n',
  )
})

it('lets nothing in it move the cursor', () => {
  expect(formatLogLine('{"level":30,"msg":"a\\u001b[2Jb"}')).toBe('info: a[2Jb\n')
  expect(formatLogLine('no json \u001b[2J')).toBe('no json [2J')
})
