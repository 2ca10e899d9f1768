#!/usr/bin/env node
// `baimo …`: the command line, with the pinned Node.
import { main } from './run.mjs'

main('cli', process.argv.slice(2)).then((code) => {
  process.exitCode = code
})
