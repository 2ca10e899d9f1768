/** A bug of ours: never caught, ends the request with an internal error, counted. */
export class AssertionFailure extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'AssertionFailure'
  }
}

/** Ends the request when `condition` does not hold. `message` names the domain and the rule. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message)
}

/** Closes an exhaustive switch: the compiler refuses when a case is missing. */
export function assertNever(value: never, message: string): never {
  throw new AssertionFailure(`${message}: ${String(value)}`)
}
