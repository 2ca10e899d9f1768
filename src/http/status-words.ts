import { REASON_WORDS } from '../routing/index.ts'

/** The words of the status page, in the languages it speaks until the web arrives. */
export interface StatusWords {
  readonly htmlLang: 'en' | 'zh-Hans'
  readonly title: string
  readonly kick: string
  readonly openWith: (liveCount: number) => string
  readonly openEmpty: string
  readonly runs: string
  readonly part: string
  readonly now: string
  readonly detail: string
  readonly market: string
  readonly database: string
  readonly engine: string
  readonly well: string
  readonly notWell: string
  readonly since: (time: string) => string
  readonly embedded: string
  readonly external: string
  readonly engineStates: Readonly<Record<string, string>>
  readonly engineDetail: (loadedCount: number, queueLength: number) => string
  readonly models: string
  readonly modelsNote: string
  readonly model: string
  readonly league: string
  readonly leagues: Readonly<Record<string, string>>
  readonly where: string
  readonly parameters: string
  readonly context: string
  readonly state: string
  readonly live: string
  readonly offered: string
  readonly off: string
  /** `some`: how many of how many, `1/2`; null: all. */
  readonly rests: (
    some: string | null,
    of: { readonly until: string | null; readonly why: string | null },
  ) => string
  readonly restNote: string
  /** What a listing failed of, by the words of `x-baimo-route`. */
  readonly reasons: Readonly<Record<string, string>>
  readonly unknown: string
  readonly noModels: string
  readonly more: (count: number) => string
  readonly ask: string
  readonly askNote: string
  readonly found: string
  readonly foundNone: string
  readonly foundNote: string
  readonly colophon: string
  readonly api: string
  readonly lockedTitle: string
  readonly lockedNote: string
  readonly lockedKey: string
}

const english: StatusWords = {
  htmlLang: 'en',
  title: 'Baimo: what runs',
  kick: 'What runs here',
  openWith: (count) =>
    count === 1
      ? 'The market is open. One model answers here.'
      : `The market is open. ${spell(count)} models answer here.`,
  openEmpty: 'The market is open. No model answers yet.',
  runs: 'Parts',
  part: 'Part',
  now: 'Now',
  detail: '',
  market: 'Market',
  database: 'Database',
  engine: 'Engine',
  well: 'well',
  notWell: 'does not answer',
  since: (time) => `open since ${time}`,
  embedded: 'embedded PostgreSQL',
  external: 'your own PostgreSQL',
  engineStates: {
    ready: 'well',
    starting: 'starting',
    restarting: 'restarting',
    absent: 'not installed',
    stopped: 'stopped',
  },
  engineDetail: (loaded, queue) =>
    `${loaded} ${loaded === 1 ? 'model' : 'models'} loaded, ${queue} waiting`,
  models: 'Models',
  modelsNote:
    'What is off or only offered takes no requests until you switch it on: baimo models on NAME.',
  model: 'Model',
  league: 'League',
  leagues: { models: 'models', practice: 'practice', apps: 'apps' },
  where: 'Runs at',
  parameters: 'Parameters',
  context: 'Context, tokens',
  state: 'State',
  live: 'live',
  offered: 'offered',
  off: 'off',
  rests: (some, { until, why }) => {
    const who = some === null ? 'rests' : `live, ${some} at rest`
    const when = until === null ? 'is being tried' : `until ${until}`
    return `${who}: ${[why, when].filter(Boolean).join(', ')}`
  },
  restNote:
    'What rests failed again and again and is tried again by itself: baimo doctor says what to do.',
  reasons: REASON_WORDS,
  unknown: 'unknown',
  noModels: 'No model is here yet. Add a server, a provider or a file:',
  more: (count) => `${count} more: baimo models lists all.`,
  ask: 'Ask one',
  askNote: 'Any client that speaks the OpenAI dialect works with this address and a key.',
  found: 'Found on this machine',
  foundNone: 'No Ollama, llama.cpp, vLLM or LM Studio answers on its usual port.',
  foundNote: 'Nothing is added by itself.',
  colophon: 'Baimo, a market for models',
  api: 'API description',
  lockedTitle: 'The market is open. This page opens with an owner link.',
  lockedNote: 'Get a new one on the machine that runs the market; it works once, for one hour:',
  lockedKey: 'Programs need no link: they send an API key to /v1.',
}

const chinese: StatusWords = {
  htmlLang: 'zh-Hans',
  title: '百模：运行状态',
  kick: '本站运行状态',
  openWith: (count) => `市场已开，现有 ${count} 个模型应答。`,
  openEmpty: '市场已开，还没有模型应答。',
  runs: '部件',
  part: '部件',
  now: '现在',
  detail: '',
  market: '市场',
  database: '数据库',
  engine: '推理引擎',
  well: '正常',
  notWell: '无应答',
  since: (time) => `自 ${time} 起开放`,
  embedded: '内置 PostgreSQL',
  external: '自备 PostgreSQL',
  engineStates: {
    ready: '正常',
    starting: '启动中',
    restarting: '重启中',
    absent: '未安装',
    stopped: '已停止',
  },
  engineDetail: (loaded, queue) => `已载入 ${loaded} 个模型，${queue} 个请求排队`,
  models: '模型',
  modelsNote: '“已关闭”或只是“可用”的模型不接请求，须先开启：baimo models on 名称。',
  model: '模型',
  league: '赛区',
  leagues: { models: '模型', practice: '练习', apps: '应用' },
  where: '运行于',
  parameters: '参数',
  context: '上下文（词元）',
  state: '状态',
  live: '在市',
  offered: '可用',
  off: '已关闭',
  rests: (some, { until, why }) => {
    const who = some === null ? '暂停' : `在市，${some} 暂停`
    const when = until === null ? '正在试探' : `至 ${until}`
    return `${who}：${[why, when].filter(Boolean).join('，')}`
  },
  restNote: '暂停的模型接连失败，到时会自动重试；怎么办，见 baimo doctor。',
  reasons: {
    upstream_unreachable: '无法连接服务商',
    upstream_reset: '服务商中断连接',
    upstream_timeout: '未及时应答',
    upstream_error: '服务商返回错误',
    upstream_bad_answer: '返回的不是模型的应答',
    upstream_ended_early: '应答中途断掉',
    upstream_refused_us: '服务商拒绝所用的密钥或账户',
    upstream_unusable: '地址指向别处，或不是 API',
  },
  unknown: '未知',
  noModels: '这里还没有模型。可以添加一台服务器、一个服务商或一个文件：',
  more: (count) => `另有 ${count} 个：baimo models 列出全部。`,
  ask: '问一句',
  askNote: '凡会说 OpenAI 协议的客户端，用这个地址和一个密钥就能用。',
  found: '在本机找到',
  foundNone: 'Ollama、llama.cpp、vLLM、LM Studio 的常用端口上都没有应答。',
  foundNote: '不会自动添加。',
  colophon: '百模，模型的市场',
  api: 'API 说明',
  lockedTitle: '市场已开。本页须用主人链接打开。',
  lockedNote: '在运行市场的机器上取一个新链接，只能用一次，一小时内有效：',
  lockedKey: '程序不用链接：带上 API 密钥访问 /v1 即可。',
}

const NUMBERS = 'No One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve'.split(' ')

function spell(count: number): string {
  return NUMBERS[count] ?? count.toLocaleString('en')
}

/** The words in the language a browser prefers: Chinese where it comes first, else English. */
export function statusWords(acceptLanguage: string | undefined): StatusWords {
  const first = acceptLanguage?.split(',')[0]?.trim().toLowerCase() ?? ''
  return first.startsWith('zh') ? chinese : english
}
