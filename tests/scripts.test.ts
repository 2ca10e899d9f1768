import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { root } from './support/build.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baimo-test-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Evaluates a line of JavaScript in a process of its own, with one of the scripts as `script`. */
function evaluate(script: string, line: string): { process: ChildProcess; output: () => string } {
  const code = `const script = await import(${JSON.stringify(join(root, 'scripts', script))}); ${line}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
  return { process: child, output: () => text }
}

function exitCode(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.on('close', (code) => resolve(code))
  })
}

describe('the runner', () => {
  const program = `
    process.on('SIGINT', () => console.log('interrupted'))
    process.on('SIGTERM', () => process.exit(7))
    process.on('disconnect', () => { require('fs').writeFileSync(process.env.LEFT, ''); process.exit(0) })
    console.log('started', process.argv.slice(2).join(' '))
    setInterval(() => {}, 1000)`

  async function start(): Promise<ReturnType<typeof evaluate>> {
    mkdirSync(join(folder, 'build'))
    writeFileSync(join(folder, 'build', 'cli.js'), program)
    const here = JSON.stringify(folder)
    const started = evaluate(
      'spawn.mjs',
      `process.env.LEFT = ${here} + '/left'
       process.exitCode = await script.runProgram(process.execPath, ${here}, ['start', '--port', '1'])`,
    )
    await expect.poll(started.output).toContain('started start --port 1')
    return started
  }

  it('passes arguments, one of several equal signals, and the exit code', async () => {
    const runner = await start()
    const ended = exitCode(runner.process)
    for (let times = 0; times < 3; times += 1) {
      runner.process.kill('SIGINT')
      await sleep(30)
    }
    await expect.poll(runner.output).toContain('interrupted')
    await sleep(350)
    expect(runner.output().match(/interrupted/g)).toHaveLength(1)
    runner.process.kill('SIGTERM')
    expect(await ended).toBe(7)
  })

  it('takes the market with it when it is killed', async () => {
    const runner = await start()
    runner.process.kill('SIGKILL')
    await expect.poll(() => existsSync(join(folder, 'left'))).toBe(true)
  })
})

describe('the installer', () => {
  const emptyLock = {
    name: 'x',
    version: '1.0.0',
    lockfileVersion: 3,
    packages: { '': { name: 'x', version: '1.0.0' } },
  }
  /** `isBroken`: it asks for what its lockfile does not name, so npm refuses it. */
  function makePackage(path: string, isBroken = false, lock: object = emptyLock): void {
    const dependencies = isBroken ? { y: 'file:./nowhere' } : {}
    const manifest = { name: 'x', version: '1.0.0', dependencies }
    mkdirSync(join(folder, path), { recursive: true })
    writeFileSync(join(folder, path, 'package.json'), JSON.stringify(manifest))
    writeFileSync(join(folder, path, 'package-lock.json'), JSON.stringify(lock))
  }

  async function install(): Promise<{ isGood: boolean; output: string }> {
    const run = evaluate(
      'install.mjs',
      `console.log('good:', await script.install(${JSON.stringify(folder)}, process.execPath))`,
    )
    await exitCode(run.process)
    return { isGood: run.output().includes('good: true'), output: run.output() }
  }

  it('installs each folder once', async () => {
    for (const path of ['runtime', '.', 'engine']) makePackage(path)
    const first = await install()
    expect(first).toMatchObject({
      isGood: true,
      output: expect.stringContaining('installing Node 26'),
    })
    for (const path of ['runtime', '.', 'engine'])
      expect(existsSync(join(folder, path, 'node_modules', '.baimo-stamp'))).toBe(true)
    expect((await install()).output).toBe('good: true\n')
  })

  it('goes on without the engine and says so', async () => {
    for (const path of ['runtime', '.']) makePackage(path)
    makePackage('engine', true)
    const { isGood, output } = await install()
    expect(isGood).toBe(true)
    expect(output).toContain('the engine for local files is missing')
  })

  it('stops with the reason of npm when packages cannot be installed', async () => {
    makePackage('runtime')
    makePackage('.', true)
    const { isGood, output } = await install()
    expect(isGood).toBe(false)
    expect(output).toContain('npm error')
  })

  it('needs no install where the packages already are what the lockfile says', async () => {
    makePackage('.', false, {
      ...emptyLock,
      packages: {
        ...emptyLock.packages,
        'node_modules/y': { version: '1.0.0' },
        'node_modules/z': { version: '1.0.0', optional: true, os: ['plan9'] },
      },
    })
    mkdirSync(join(folder, 'node_modules'))
    writeFileSync(
      join(folder, 'node_modules', '.package-lock.json'),
      JSON.stringify({ packages: { 'node_modules/y': { version: '1.0.0' } } }),
    )
    expect((await install()).output).toBe('good: true\n')
  })
})

describe('the scripts of package.json', () => {
  it('start with exec, so that signals reach the program, and end with its mode', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    for (const [name, mode] of [
      ['start', 'start'],
      ['test', 'test'],
      ['bench', 'bench'],
      ['baimo', 'cli'],
    ])
      expect(scripts[name ?? '']).toBe(`exec node scripts/run.mjs ${mode}`)
  })

  it.runIf(process.platform !== 'win32')('say how to call the runner', async () => {
    const run = spawn(process.execPath, [join(root, 'scripts', 'run.mjs'), 'nonsense'])
    let text = ''
    run.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    expect(await exitCode(run)).toBe(1)
    expect(text).toContain('usage: node scripts/run.mjs start|test|bench|cli')
  })
})
