import { createHash } from 'node:crypto'

/** The status page's style: the house's tokens, as far as one page needs them. */
export const statusStyle = `
:root{color-scheme:light dark;
--paper:#FBFBF9;--panel:#F2F3EF;--ink-1:#161917;--ink-2:#3B403D;--ink-3:#5C625E;--ink-4:#848A86;--ink-5:#D8DBD6;
--azurite:#14568C;--cinnabar:#B5321A;--malachite:#136B54;--gamboge:#7D5500;--rouge:#9E1450;
--sans:"Source Sans 3","PingFang SC","Hiragino Sans GB","Microsoft YaHei UI","Noto Sans CJK SC",system-ui,sans-serif;
--serif:"Source Serif 4","Songti SC","Source Han Serif SC","Noto Serif CJK SC",Georgia,serif;
--mono:"Source Code Pro",ui-monospace,"SF Mono",Menlo,Consolas,"Noto Sans Mono CJK SC",monospace;
--gutter:40px;--verdict:38px}
@media (prefers-color-scheme:dark){:root{
--paper:#131615;--panel:#1A1E1C;--ink-1:#ECEDE9;--ink-2:#C6CAC6;--ink-3:#9BA19D;--ink-4:#717874;--ink-5:#2F3532;
--azurite:#82B7E8;--cinnabar:#FF8264;--malachite:#56C3A1;--gamboge:#E3B34A;--rouge:#FF86AB}}
:root:lang(zh){--verdict:33px}
*{box-sizing:border-box}
html{background:var(--paper);-webkit-text-size-adjust:100%}
body{margin:0;font:400 15px/1.45 var(--sans);color:var(--ink-1);background:var(--paper);
font-variant-numeric:tabular-nums lining-nums;-webkit-font-smoothing:antialiased;text-autospace:normal}
:lang(zh) body{font-size:14px;line-height:1.55;line-break:strict}
h1,h2,p,pre{margin:0}
a{color:inherit;text-decoration:none}
:focus-visible{outline:2px solid var(--azurite);outline-offset:2px;border-radius:2px}
.top{height:48px;display:flex;align-items:center;padding:0 var(--gutter);border-bottom:1px solid var(--ink-1)}
.brand{display:flex;align-items:center;gap:10px;font:600 19px var(--serif);letter-spacing:-.01em}
.brand svg{width:20px;height:20px;color:var(--ink-4)} .brand .chosen{fill:var(--cinnabar)}
.brand small{font-size:15px;font-weight:500;color:var(--ink-2)}
main{max-width:1100px;margin:0 auto;padding:48px var(--gutter) 64px}
.opening{display:flex;justify-content:space-between;gap:32px;align-items:flex-start;margin-bottom:40px}
.kick{font-size:13.5px;font-weight:600} .dim{color:var(--ink-3);font-weight:400}
.verdict{font:500 var(--verdict)/1.16 var(--serif);letter-spacing:-.012em;max-width:22em;text-wrap:pretty;margin-top:6px}
:lang(zh) .verdict{font-weight:600;letter-spacing:0;line-height:1.4}
.verdict .cl{display:inline-block}
.standfirst{font-size:19px;line-height:1.5;color:var(--ink-2);margin-top:20px;max-width:38em}
.hundred{width:120px;height:120px;flex:none;fill:var(--ink-5)} .hundred .on{fill:var(--ink-1)}
.sec{border-top:2px solid var(--ink-1);padding-top:8px;margin-bottom:40px}
.sec h2{font-size:17px;font-weight:700;line-height:1.3;margin-bottom:4px}
.sub{font-size:13.5px;color:var(--ink-3);max-width:60em;margin:4px 0}
.tt{border-collapse:collapse;width:100%;font-size:14.5px}
.tt th,.tt td{text-align:left;padding:4px 16px 4px 0;height:30px;border-bottom:1px solid var(--ink-5);vertical-align:middle}
.tt thead th{font-weight:500;color:var(--ink-3);font-size:12.5px;border-bottom:1px solid var(--ink-1);vertical-align:bottom}
.tt tbody th{font-weight:600;white-space:nowrap}
.tt .num{text-align:right;white-space:nowrap} .tt th:last-child,.tt td:last-child{padding-right:0}
.tt tbody tr:hover th,.tt tbody tr:hover td{background:var(--panel)}
.parts th,.parts td:nth-child(2){min-width:10em;white-space:nowrap;padding-right:32px} .parts td:last-child,.parts th:last-child{width:100%}
.models .name{max-width:26em;overflow:hidden;text-overflow:ellipsis}
.mono{font-family:var(--mono);font-size:.88em}
.pass{color:var(--malachite)} .wait{color:var(--gamboge)} .fail{color:var(--rouge)}
.unknown{color:var(--ink-3);font-style:italic;font-family:var(--serif)} :lang(zh) .unknown{font-style:normal;font-family:inherit}
pre{font:13.5px/1.5 var(--mono);background:var(--panel);padding:12px 16px;margin:8px 0;overflow-x:auto;border-radius:2px;scrollbar-width:thin;scrollbar-color:var(--ink-4) transparent}
pre::-webkit-scrollbar{height:8px} pre::-webkit-scrollbar-thumb{background:var(--ink-4);border-radius:4px}
.scroll{overflow-x:auto}
.link{text-decoration:underline;text-decoration-color:var(--ink-4);text-underline-offset:.2em}
.colophon{border-top:1px solid var(--ink-5);margin:0 var(--gutter);padding:14px 0 28px;display:flex;gap:6px 22px;flex-wrap:wrap;font-size:13.5px;color:var(--ink-3)}
@media (max-width:720px){:root{--gutter:16px;--verdict:26px} :root:lang(zh){--verdict:23px}
main{padding-top:28px} .hundred{width:64px;height:64px} .parts th,.parts td:nth-child(2){min-width:0;padding-right:16px}
.models thead{display:none} .models tr{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:0 12px;padding:8px 0;border-bottom:1px solid var(--ink-5)}
.models th,.models td,.models .num{display:block;height:auto;padding:0;border:0;text-align:left;white-space:normal}
.models .name{max-width:none;overflow-wrap:anywhere} .models .state{grid-column:2;grid-row:1;text-align:right;max-width:44vw}
.models [data-head]{grid-column:1/3;font-size:13.5px;color:var(--ink-2)} .models [data-head]::before{content:attr(data-head) " ";color:var(--ink-3)}}
`

/** What a content security policy must allow for the page: this very style and nothing else. */
export const statusStyleHash = `sha256-${createHash('sha256').update(statusStyle).digest('base64')}`
