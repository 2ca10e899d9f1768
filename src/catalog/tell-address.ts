import { Refusal } from '../kernel/index.ts'

/**
 * The same refusal, with the address that it speaks of: for operators, who gave it. Whatever is
 * told of providers elsewhere names no address.
 */
export function tellAddress(error: unknown, baseUrl: string): unknown {
  if (!(error instanceof Refusal) || !error.code.startsWith('providers_')) return error
  const { code, kind, isRetryable, message, param, retryAfterSeconds, details, headers } = error
  return new Refusal(code, { kind, isRetryable, title: message }, `${message} Asked: ${baseUrl}.`, {
    cause: error,
    ...(param === undefined ? {} : { param }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(headers === undefined ? {} : { headers }),
    details: { ...details, url: baseUrl },
  })
}
