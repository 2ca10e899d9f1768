/** Languages that have a slice; everything else is `other`. */
export const LANGUAGES = [
  ...['en', 'zh', 'ja', 'ko', 'de', 'fr', 'es', 'ru', 'it', 'pt', 'nl', 'pl', 'tr', 'vi'],
  ...['ar', 'hi', 'th', 'uk', 'he', 'el'],
] as const
export type Language = (typeof LANGUAGES)[number] | 'other'

/** Scripts that tell the language, or a family of it. */
const SCRIPTS: readonly (readonly [Language | 'cyrillic' | 'latin', RegExp])[] = [
  ['ja', /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ['zh', /\p{Script=Han}/gu],
  ['ko', /\p{Script=Hangul}/gu],
  ['cyrillic', /\p{Script=Cyrillic}/gu],
  ['ar', /\p{Script=Arabic}/gu],
  ['hi', /\p{Script=Devanagari}/gu],
  ['th', /\p{Script=Thai}/gu],
  ['he', /\p{Script=Hebrew}/gu],
  ['el', /\p{Script=Greek}/gu],
  ['latin', /\p{Script=Latin}/gu],
]

/** Words that are frequent in one language and rare in the others that share its script. */
const WORDS: Readonly<Partial<Record<Language, string>>> = {
  en: 'the of and to is in that it for was with are what how do you my this can write a be have i please give me explain an why does between your which from not say translate into',
  de: 'der die das und ist nicht ein eine ich mit wie was für den zu auf von sich dem es im schreibe warum kann mir bitte einen erkläre zwischen wird sind',
  fr: 'le la les des et est une un que pour dans je qui sur comment avec du vous pas ce quelle quel écris pourquoi moi peux entre au sont cette mon ma',
  es: 'el los las y es una un que para en por cómo qué con del se escribe mi una cuál puedes más entre son este esta cuáles me lo',
  it: 'il gli e è una un che per di come con del sono non scrivi perché della nel qual puoi le lo mi tra questo questa cosa',
  pt: 'o os as e é uma um que para em como com do da não por escreva qual você são dos das no na meu minha me entre',
  nl: 'de het een en is van ik dat niet hoe voor met wat zijn schrijf waarom kan je mijn tussen op te deze',
  pl: 'i w nie na jest się że z do jak co dla to napisz czy dlaczego są między moje mi',
  tr: 've bir bu için ne nasıl ile mi da de değil yaz neden olan en çok arasında bana',
  vi: 'là và của có không cho một những được tôi hãy viết như thế nào các với trong tại sao',
}

const wordsOf = new Map(
  Object.entries(WORDS).map(([language, words]) => [
    language as Language,
    new Set(words.split(' ')),
  ]),
)

/** Letters of Latin script that one character outweighs: names and code stand in any text. */
const HAN_WEIGHT = 4

/**
 * The language that a prompt is written in, by its script and its frequent words. Code is left
 * out. A short text in Latin script without a frequent word is `other`.
 */
export function findLanguage(prompt: string): Language {
  const text = prompt.slice(0, 4_000).replace(/```[\s\S]*?(```|$)/g, ' ')
  const counts = SCRIPTS.map(([name, script]) => [name, text.match(script)?.length ?? 0] as const)
  const of = (name: string): number => counts.find(([script]) => script === name)?.[1] ?? 0
  const han = of('zh')
  if (of('ja') > 0 && of('ja') * 4 >= han && (of('ja') + han) * HAN_WEIGHT >= of('latin'))
    return 'ja'
  const [name, count] = counts
    .map(([script, found]) => [script, script === 'zh' ? found * HAN_WEIGHT : found] as const)
    .reduce((most, next) => (next[1] > most[1] ? next : most))
  if (count === 0) return 'other'
  if (name === 'cyrillic') return /[іїєґ]/i.test(text) ? 'uk' : 'ru'
  return name === 'latin' ? findLatin(text) : name
}

function findLatin(text: string): Language {
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? []
  let best: Language = 'other'
  let most = 0
  for (const [language, frequent] of wordsOf) {
    const found = words.reduce((sum, word) => sum + (frequent.has(word) ? 1 : 0), 0)
    if (found > most) [best, most] = [language, found]
  }
  return most * 12 >= words.length ? best : 'other'
}
