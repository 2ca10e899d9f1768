#!/usr/bin/env node
import { runCommandLine } from './cli/program.ts'
import { processTerminal } from './cli/terminal.ts'
import { processEnvironment } from './config.ts'

// Whatever the shell allows: what is written is this user's alone, and can be read again.
process.umask(0o077)
process.exitCode = await runCommandLine(
  process.argv.slice(2),
  processTerminal(),
  processEnvironment(),
)
