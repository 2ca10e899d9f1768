import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, type Peer, untilAnswers } from './peer.ts'

const PROGRAM = '/usr/sbin/nginx'

function configOf(folder: string, port: number, upstreamPort: number): string {
  const spool = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
daemon off;
master_process off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  ${spool.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  upstream model {
    server 127.0.0.1:${upstreamPort};
    keepalive 64;
    keepalive_requests 10000000;
  }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 10000000;
    location / {
      proxy_pass http://model;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`
}

/** nginx as a keep-alive proxy with a configuration of its own; null: it is not on this machine. */
export async function openNginx(upstreamPort: number): Promise<Peer | null> {
  if (!existsSync(PROGRAM)) return null
  const folder = mkdtempSync(join(tmpdir(), 'baimo-bench-nginx-'))
  const port = await freePort()
  writeFileSync(join(folder, 'nginx.conf'), configOf(folder, port, upstreamPort))
  const child = spawn(PROGRAM, ['-p', folder, '-e', join(folder, 'error.log'), '-c', 'nginx.conf'])
  await untilAnswers(port)
  return {
    name: 'nginx',
    port,
    headers: {},
    pid: child.pid ?? null,
    canStream: true,
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
