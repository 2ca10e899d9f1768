import { EXIT, Failure } from './failure.ts'

/** Turns the first Ctrl-C into an abort; the second one ends the process at once. */
export function onInterrupt(): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController()
  const abort = () => {
    process.removeListener('SIGINT', abort)
    controller.abort(interrupted())
  }
  process.on('SIGINT', abort)
  return { signal: controller.signal, end: () => void process.removeListener('SIGINT', abort) }
}

/** Ends a command without a word: who interrupts knows why. */
export function interrupted(): Failure {
  return new Failure('', { exitCode: EXIT.interrupted })
}
