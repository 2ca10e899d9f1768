#!/usr/bin/env node
import { runCommandLine } from './cli/program.ts'
import { processTerminal } from './cli/terminal.ts'
import { processEnvironment } from './config.ts'

process.exitCode = await runCommandLine(
  process.argv.slice(2),
  processTerminal(),
  processEnvironment(),
)
