import type { Route } from '../people/index.ts'

/** The methods that routes take at a path, for the `allow` header; empty: no route is there. */
export function methodsAt(routes: readonly Route[], path: string): readonly string[] {
  const methods = new Set<string>()
  for (const route of routes) {
    if (!fits(route.path, path)) continue
    methods.add(route.method)
    if (answersHead(route)) methods.add('HEAD')
  }
  return [...methods].toSorted()
}

/** Whether a route also answers HEAD. */
export function answersHead(route: Route): boolean {
  return route.method === 'GET' && route.kind === 'json' && route.hasHead !== false
}

/** Whether a path fits a pattern such as `/api/keys/:id` or `/api/models/*`. */
function fits(pattern: string, path: string): boolean {
  const wanted = pattern.split('/')
  const given = path.split('/')
  if (wanted.at(-1) === '*') {
    const fixed = wanted.slice(0, -1)
    return given.length > fixed.length && fixed.every((part, index) => fitsPart(part, given[index]))
  }
  return (
    wanted.length === given.length && wanted.every((part, index) => fitsPart(part, given[index]))
  )
}

function fitsPart(wanted: string, given: string | undefined): boolean {
  return wanted.startsWith(':') ? (given ?? '') !== '' : wanted === given
}

/** The dialect that a path nobody knows is answered in. */
export function dialectAt(path: string): 'problem' | 'openai' {
  return path === '/v1' || path.startsWith('/v1/') ? 'openai' : 'problem'
}
