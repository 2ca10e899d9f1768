import { defineErrors, refusalsOf } from '../kernel/index.ts'

export const httpErrors = defineErrors({
  http_route_unknown: {
    kind: 'not_found',
    title: 'Nothing answers at this path. `GET /api/openapi.json` lists what does.',
    isRetryable: false,
  },
  http_method_unknown: {
    kind: 'invalid',
    title: 'The path does not take this method; the `allow` header lists those it takes.',
    isRetryable: false,
  },
  http_request_malformed: {
    kind: 'invalid',
    title: 'The request is no well-formed HTTP, or its path is not.',
    isRetryable: false,
  },
  http_headers_too_large: {
    kind: 'too_large',
    title: 'The headers of the request are larger than 16 KiB together.',
    isRetryable: false,
  },
  http_request_timeout: {
    kind: 'invalid',
    title: 'The request did not arrive in time. Send it again, faster.',
    isRetryable: true,
  },
  http_host_unknown: {
    kind: 'forbidden',
    title:
      'The market does not answer to this host name. Set BAIMO_PUBLIC_URL or BAIMO_HOST_NAMES to allow it.',
    isRetryable: false,
  },
  http_origin_foreign: {
    kind: 'forbidden',
    title: 'A page of another origin may not act with this browser’s session. Use a key.',
    isRetryable: false,
  },
  http_body_too_large: {
    kind: 'too_large',
    title: 'The body is larger than 1 MiB.',
    isRetryable: false,
  },
  http_body_type_unsupported: {
    kind: 'unsupported_media',
    title: 'Send JSON, plain, with `content-type: application/json`.',
    isRetryable: false,
  },
  http_body_malformed: {
    kind: 'invalid',
    title: 'The body is no JSON in UTF-8.',
    isRetryable: false,
  },
  http_input_invalid: {
    kind: 'invalid',
    title: 'A parameter or a field is not what the route takes; `param` and the message say which.',
    isRetryable: false,
  },
  http_stopping: {
    kind: 'unavailable',
    title: 'The market is stopping. Send the request again in a moment.',
    isRetryable: true,
  },
  http_descriptors_few: {
    kind: 'unavailable',
    title: 'This process may open too few files to serve. Raise its limit: ulimit -n 4096.',
    isRetryable: false,
  },
  http_port_taken: {
    kind: 'conflict',
    title: 'Another program listens on the port. Stop it, or set PORT to another.',
    isRetryable: true,
  },
  http_address_unusable: {
    kind: 'invalid',
    title: 'The market cannot listen on this address. Check HOST and PORT.',
    isRetryable: false,
  },
  http_internal: {
    kind: 'internal',
    title: 'A bug of the market. Its log holds the reason under the request id.',
    isRetryable: false,
  },
})

export const refuse = refusalsOf(httpErrors)
