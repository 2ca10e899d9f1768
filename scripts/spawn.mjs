// Runs a child on the pinned Node as if it were this process: signals, output and exit code pass.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { commandName, isPackage, placeOf } from './places.mjs'

/** A Ctrl-C reaches us up to three times (terminal, shell, npm): within this it is one. */
const SAME_SIGNAL_MS = 300

/**
 * Options of Node for a market. Semi-spaces of 16 MB: with 8 MB, 32 connections cost a tenth more
 * processor time; the default saves no more of it, and costs 45 MB more of memory.
 */
export const marketOptions = ['--max-semi-space-size=16']

/** Runs a script or program of the repository; resolves to its exit code. */
export function runScript(node, root, path, args) {
  return follow(spawn(node, [join(root, path), ...args], { stdio: 'inherit', cwd: root }), false)
}

/**
 * Runs the built program. The market gets a process group of its own, so that Ctrl-C reaches it
 * once, and a channel that closes when we die, however we die. Other commands stay in the
 * terminal's group: they may read from it.
 */
export function runProgram(node, root, args) {
  const isMarket = args[0] === 'start'
  const isOwnGroup = isMarket && process.platform !== 'win32'
  const calledFrom = process.env.npm_lifecycle_event ? process.env.INIT_CWD : undefined
  const options = isMarket ? marketOptions : []
  const child = spawn(node, [...options, join(root, 'build', 'cli.js'), ...args], {
    stdio: isMarket ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit',
    detached: isOwnGroup,
    cwd: calledFrom ?? process.cwd(),
    env: {
      ...process.env,
      BAIMO_COMMAND: commandName(root),
      ...(isPackage(root) ? { BAIMO_ENGINE_FOLDER: placeOf(root, 'engine') } : {}),
    },
  })
  return follow(child, isOwnGroup)
}

function follow(child, isOwnGroup) {
  let lastMs = 0
  const forward = (signal) => {
    const nowMs = Date.now()
    const isFromTerminal = signal === 'SIGINT' && !isOwnGroup && process.stdin.isTTY
    if (!isFromTerminal && nowMs - lastMs > SAME_SIGNAL_MS) child.kill(signal)
    lastMs = nowMs
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward)
  return new Promise((resolve) => {
    child.on('error', (error) => {
      process.stderr.write(`baimo: ${error.message}\n`)
      resolve(1)
    })
    child.on('exit', (code, signal) => {
      if (child.connected) child.disconnect()
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, forward)
      resolve(code ?? 128 + constants.signals[signal])
    })
  })
}
