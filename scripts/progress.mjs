// Progress of long steps on standard error: a line that counts the seconds on a terminal,
// one line at the beginning and one at the end elsewhere.

const running = new Map()
let timer

/** Shows that `what` runs; call the answer with how it ended. */
export function showProgress(what) {
  const startedMs = Date.now()
  const isTerminal = process.stderr.isTTY === true
  running.set(what, startedMs)
  if (!isTerminal) process.stderr.write(`baimo: ${what} …\n`)
  else timer ??= setInterval(draw, 200)
  return (outcome) => {
    running.delete(what)
    clear()
    process.stderr.write(`baimo: ${what}: ${outcome} in ${seconds(startedMs).toFixed(1)} s\n`)
    if (running.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

function draw() {
  const parts = [...running].map(
    ([what, startedMs]) => `${what} … ${Math.floor(seconds(startedMs))} s`,
  )
  clear()
  process.stderr.write(`baimo: ${parts.join(' · ')}`)
}

function clear() {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
}

function seconds(startedMs) {
  return (Date.now() - startedMs) / 1000
}
