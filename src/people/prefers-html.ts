/**
 * Whether who sends this `accept` would rather read a page than JSON: browsers name HTML, programs
 * name JSON or take whatever comes.
 */
export function prefersHtml(accept: string | undefined): boolean {
  const ranges = (accept ?? '').split(',').map(readRange)
  const qualityOf = (...types: string[]) =>
    types
      .map((type) => ranges.find((range) => range.type === type)?.quality)
      .find((quality) => quality !== undefined) ?? 0
  const html = qualityOf('text/html', 'application/xhtml+xml')
  const json = Math.max(
    qualityOf('application/json', 'application/*', '*/*'),
    qualityOf('application/problem+json'),
  )
  return html > 0 && html >= json
}

function readRange(text: string): { readonly type: string; readonly quality: number } {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const written = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
  const quality = written === undefined ? 1 : Number(written)
  return { type, quality: Number.isFinite(quality) ? quality : 0 }
}
