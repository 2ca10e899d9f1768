import type { Reply } from '../people/index.ts'
import { clauses, escapeHtml, hundred, page } from './page-frame.ts'
import { statusStyleHash } from './status-style.ts'
import { statusWords } from './status-words.ts'

/** Nothing may run on a page and nothing may be fetched by it but its own style and icon. */
export const PAGE_POLICY = `default-src 'none'; style-src '${statusStyleHash}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

export interface LinkPageOptions {
  readonly version: string
  /** How people call the program here. */
  readonly command: string
}

/** What a browser gets for a link that was used or is too old: why, and how to get a new one. */
export function answerUnusableLink(
  acceptLanguage: string | undefined,
  options: LinkPageOptions,
): Reply {
  return {
    status: 404,
    headers: {
      'content-security-policy': PAGE_POLICY,
      'cache-control': 'no-store',
      vary: 'accept, accept-language',
    },
    text: {
      type: 'text/html; charset=utf-8',
      content: renderLinkPage(acceptLanguage, options),
    },
  }
}

/** Tells nothing of what is inside: whoever has an address may see it. */
export function renderLinkPage(
  acceptLanguage: string | undefined,
  { version, command }: LinkPageOptions,
): string {
  const words = statusWords(acceptLanguage)
  const own = linkWords[words.htmlLang]
  return page(
    { ...words, title: own.title },
    `<div class="opening"><div><h1 class="verdict">${clauses(own.headline)}</h1>
<p class="standfirst">${escapeHtml(own.how)}</p><pre tabindex="0">${escapeHtml(command)} link</pre>
<p class="sub">${escapeHtml(own.others)}</p>
<p class="sub"><a class="link" href="/">${escapeHtml(own.signedIn)}</a></p></div>${hundred(0)}</div>`,
    version,
  )
}

const linkWords = {
  en: {
    title: 'Baimo: a link that opens nothing',
    headline: 'This link opens nothing any more. It was used already, or is older than an hour.',
    how: 'Get a new one on the machine that runs the market; it works once, for one hour:',
    others: 'If somebody else sent it to you, ask them for another.',
    signedIn: 'Signed in already? Open the market.',
  },
  'zh-Hans': {
    title: '百模：链接已失效',
    headline: '这个链接已不能打开市场。它已用过，或已超过一小时。',
    how: '在运行市场的机器上取一个新链接，只能用一次，一小时内有效：',
    others: '如果链接是别人发给你的，请向对方再要一个。',
    signedIn: '已经登录？打开市场。',
  },
} as const
