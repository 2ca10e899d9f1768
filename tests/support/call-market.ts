export interface MarketAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers as they come
  readonly json: any
}

/** Asks a market as a program does. `json` is null where the answer is no JSON object. */
export async function callMarket(
  url: string,
  what: {
    readonly method: string
    readonly path: string
    /** Absent: without a key. */
    readonly key?: string | undefined
    readonly body?: object | undefined
  },
): Promise<MarketAnswer> {
  const { method, path, key, body } = what
  const response = await fetch(url + path, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const { status, headers } = response
  return { status, headers, text, json: text.startsWith('{') ? JSON.parse(text) : null }
}
