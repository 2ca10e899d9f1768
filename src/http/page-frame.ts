import { statusStyle } from './status-style.ts'
import type { StatusWords } from './status-words.ts'

/** A whole page in the house's frame: `main` is HTML, everything in it escaped. */
export function page(words: StatusWords, main: string, version: string): string {
  return `<!doctype html>
<html lang="${words.htmlLang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(words.title)}</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON)}">
<style>${statusStyle}</style>
</head>
<body>
<header class="top"><a class="brand" href="/">${MARK}<span>Baimo</span><small lang="zh-Hans">百模</small></a></header>
<main>
${main}
</main>
<footer class="colophon"><span>${escapeHtml(words.colophon)}</span><span>${escapeHtml(version)}</span>
<a class="link" href="/api/openapi.json">${escapeHtml(words.api)}</a></footer>
</body>
</html>
`
}

/** Each sentence as one block, so that a narrow page breaks between them first. */
export function clauses(text: string): string {
  return text
    .split(/(?<=[.。])\s*/)
    .filter(Boolean)
    .map((clause) => `<span class="cl">${escapeHtml(clause)}</span>`)
    .join(' ')
}

/** The hundred: ten by ten squares, one for each model that answers, from the first. */
export function hundred(liveCount: number): string {
  const squares = Array.from({ length: 100 }, (_, index) => {
    const isLive = index < Math.min(liveCount, 100)
    const size = isLive ? 8 : 5
    const inset = (12 - size) / 2
    const x = (index % 10) * 12 + inset
    const y = Math.floor(index / 10) * 12 + inset
    return `<rect x="${x}" y="${y}" width="${size}" height="${size}"${isLive ? ' class="on"' : ''}/>`
  })
  return `<svg class="hundred" viewBox="0 0 120 120" aria-hidden="true">${squares.join('')}</svg>`
}

const GRID = Array.from({ length: 100 }, (_, index) => {
  if (index === 36) return ''
  return `<rect x="${(index % 10) * 2}" y="${Math.floor(index / 10) * 2}" width="1" height="1"/>`
}).join('')
const MARK = `<svg viewBox="0 0 19 19" shape-rendering="crispEdges" aria-hidden="true"><g fill="currentColor">${GRID}</g><rect class="chosen" x="11" y="5" width="3" height="3"/></svg>`
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect x="3" y="3" width="10" height="10" fill="#B5321A"/></svg>'

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as HTML, safe in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '')
}
