export const CATEGORIES = [
  'code',
  'maths',
  'writing',
  'reasoning',
  'translation',
  'roleplay',
  'other',
] as const
export type Category = (typeof CATEGORIES)[number]

type Rule = readonly [weight: number, pattern: RegExp]

/**
 * Words that speak for a category, and how loudly. English and Chinese; rules for others may be
 * added. In doubt it is `other`: a board of a category must hold that category.
 */
const RULES: Readonly<Record<Exclude<Category, 'other'>, readonly Rule[]>> = {
  translation: [
    [
      5,
      /\bthe (english|french|german|spanish|italian|japanese|korean|chinese|portuguese|russian|arabic|latin|dutch|polish|turkish|hindi|greek) (word|phrase|term|expression|equivalent)? ?for\b/i,
    ],
    [
      5,
      /\bsay\b.{0,60}\bin ([a-z]+ )?(english|french|german|spanish|italian|japanese|korean|chinese|mandarin|cantonese|portuguese|russian|arabic|latin|dutch|polish|turkish|hindi|greek)\b/i,
    ],
    [
      5,
      /(英|法|德|日|韩|俄|西|中)(文|语)(该)?怎么(表达|说|讲|写)|(英|法|德|日|韩|俄)(文|语).{0,4}什么意思|译成|地道的(英|法|德|日|韩)/,
    ],
    [6, /\btranslat(e|ion|ing)\b/i],
    [5, /\bhow (do|would|can) (you|i|one|we|a native speaker) say\b/i],
    [
      4,
      /\b(into|in|to|from) (english|french|german|spanish|italian|japanese|korean|chinese|mandarin|portuguese|russian|arabic|swahili|latin|dutch)\b/i,
    ],
    [
      3,
      /\b(put|turn|render) .{0,40}\binto (english|french|german|spanish|italian|japanese|korean|chinese)\b/i,
    ],
    [6, /翻译|译成|译为|英译中|中译英|翻成/],
    [5, /用(英|法|德|日|韩|俄|西班牙|中)(语|文)怎么说/],
  ],
  roleplay: [
    [
      5,
      /\b(speak|talk|answer|reply|respond)( to me)? (as if you were|as though you were|like you are|in the voice of)\b/i,
    ],
    [
      5,
      /\b(simulate|act out) (a|an|the|my) (\w+ )?(conversation|call|phone call|interview|dialogue|scene|negotiation)\b/i,
    ],
    [5, /^be (an? |the )?[A-Z]\w+/],
    [5, /^(now )?you(’|')?re (an?|the|my) /i],
    [
      6,
      /扮作|饰演|模拟(一次|一场)?.{0,12}(对话|面试|谈判|通话|场景)|你(来)?(当|演|饰)|以.{1,10}的(口气|口吻|语气|身份)(和|跟|对|向|回答|说)/,
    ],
    [6, /^(请)?(现在)?你是(一位|一个|一名|我的)/],
    [6, /\brole-?\s?play/i],
    [6, /\b(pretend|imagine) (to be|that you are|you are|you’re|you're)\b/i],
    [6, /\b(act|behave) (as|like) (an?|the|my|if)\b/i],
    [5, /\bstay in character\b/i],
    [5, /\bplay (the )?(part|role) of\b/i],
    [5, /^(from now on,? )?you (are|play) (an?|the|my|[A-Z])/],
    [5, /\bfrom now on,? you are\b/i],
    [5, /\bbe my (dungeon master|game master|therapist|interviewer|teacher|guide)\b/i],
    [6, /角色扮演|扮演/],
    [6, /(假装|假设|想象)你是/],
    [5, /你(现在|来)(是|当|做)|从现在起,?，?你(就)?是/],
    [4, /^你是(一|我的)/],
  ],
  code: [
    [
      4,
      /\b(loop|closure|callback|recursion|pipeline|lint(er)?|repository|pull request|merge conflict|branch|compiler|frontend|backend|front-end|back-end|web ?site|web app|server|port \d+|localhost|json|yaml|xml|csv file|excel formula|spreadsheet formula|macro|api|component|screen readers?|pointer|thread|async|await|promise|query|schema|index(es)? on|kubectl|terraform|ansible|nginx|redis|postgres\w*|mysql|mongodb|unity|flutter|swift|node\.?js|vue|angular|pytorch|tensorflow)\b/i,
    ],
    [3, /\b(for|while|if) [^.?!]{1,30}:\s|print\(|=>|\w+\(\)|\{\s*\w+/],
    [
      5,
      /爬虫|服务器|端口|循环|变量|指针|前端|后端|网页标题|编译|运行时|函数(返回|调用|参数)|程序|命令行|开源库|单元测试|重构|递归|回调|(?<![a-z])(pandas|numpy|docker|nginx|redis|mysql|vue|json|http|css|html|javascript|typescript|php|go语言|excel)(?![a-z])/i,
    ],
    [6, /```/],
    [
      4,
      /\b(python|javascript|typescript|java|kotlin|rust|golang|c\+\+|c#|php|ruby|bash|sql|html|css|react|django|docker\w*|kubernetes|regex|numpy|pandas|git|curl|linux|npm)\b/i,
    ],
    [4, /(?<![a-z])(python|java|sql|react|git|api|c\+\+|curl|docker|linux)(?![a-z])/i],
    [
      3,
      /\b(function|class|method|array|struct|variable|compile[rd]?|debug|refactor|unit tests?|stack trace|exception|segfault|endpoint|script|algorithm|time complexity|database|exit code|codebase)\b/i,
    ],
    [4, /\b\w*(Error|Exception): /],
    [4, /segmentation fault|null pointer|undefined/i],
    [4, /\bcode\b/i],
    [5, /代码|编程|程序员|报错|正则表达式|函数名|脚本|线程|单例|算法|数据库|接口文档|死锁/],
  ],
  maths: [
    [
      5,
      /\b\d+(\.\d+)?\s?% of \d|\bto a (decimal|fraction|percentage)\b|\bhow likely\b|\b(coin|dice|die|cards?)\b.{0,60}\b(chance|likely|probability|odds|expect)/i,
    ],
    [
      5,
      /\b(equation|inequality|vector|tangent|sine|cosine|perimeter|volume of|surface area|circumference|hypotenuse|variance of|standard deviation|expected value|interest rate|compound interest|average of|ratio of|fractions?|remainder|divisible|modulo|inverse of|least common|greatest common|slope|parabola|limit of|series converge)\b/i,
    ],
    [
      5,
      /原价|打.折|利率|利息|公里.*小时|相遇|追及|定理|切线|圆周|半径|直径|周长|体积|分数|小数|余数|整除|公约数|公倍数|平均数|方差|期望值|组合数|排列|不等式|百分之|多少(元|公里|千米|米|厘米|平方)/,
    ],
    [
      5,
      /\b(integral|derivative|differentiate|eigenvalues?|determinant|theorem|matrix|polynomial|logarithm|factori[sz]e|trigonometr\w+|quadratic)\b/i,
    ],
    [4, /\b(prove|proof|solve for|simplify|compute|calculate|evaluate)\b/i],
    [
      4,
      /\b(probability|average speed|sum of|square root|irrational|prime numbers?|percent(age)? of|area of|how many ways|combinations|permutations)\b/i,
    ],
    [4, /\d\s*[-+*/×÷^=]\s*\(?\d|\b[a-z]\s?\^\s?\d|\d[a-z]\s*[-+=]/i],
    [3, /\b\d+(\.\d+)? (km|miles|hours|litres|metres|apples)\b/i],
    [
      5,
      /方程|积分|导数|求导|极值|证明|矩阵|行列式|特征值|数列|概率|求和|的和。|面积|鸡兔同笼|三角形|函数\s*f|注满|平方根|几何|微分/,
    ],
    [3, /^(求|计算|解)/],
  ],
  reasoning: [
    [
      5,
      /\bwho (sits|stands|is|came|finished|lives) (in the middle|first|second|third|last|next|left|right|guilty|lying)\b/i,
    ],
    [
      5,
      /\b(wrong with|flaw in|hole in|assumption in|fallacy in) (this|the|my) (argument|reasoning|logic|claim)\b|\bfallac(y|ies)\b|\b(deduce|infer|logically follow|conclude)\b/i,
    ],
    [5, /\bwhich is heavier\b|\bit takes \w+ (machines|people|workers|cats|hens)\b/i],
    [
      5,
      /谁(在|排|坐|住)(第|最|中间|左|右|哪)|哪个(更)?重|能推出|推断|推理|蜗牛|几天(能)?爬|论证|谬误|矛盾|真假|嫌疑|凶手/,
    ],
    [6, /\b(logic(al)? (puzzle|problem|riddle|question)|riddle|brain ?teaser|puzzle)\b/i],
    [5, /\bif all \w+ are\b|\b(no|some|all) \w+ are \w+\. /i],
    [5, /\b(argument|syllogism) valid\b|\bvalid\? /i],
    [5, /\b(next|follows) in the (sequence|series|pattern)\b/i],
    [5, /\bwho is (the )?(tall|old|young|short|fast|heavi)\w*/i],
    [5, /\balways (lies|tells the truth)\b/i],
    [
      5,
      /\b(across|cross) (a|the) river\b|\b(switches|light bulb|bulb)\b.*\b(room|door)\b|\bmissing dollar\b/i,
    ],
    [5, /\bhow many (brothers|sisters|siblings)\b|\bfather’s son\b/i],
    [6, /逻辑(推理|题|漏洞|谜题)|推理题|谜语|脑筋急转弯/],
    [5, /撒谎|说谎|真话|谁最(高|矮|大|小|重|快)|找规律|下一个数|过河|天平/],
    [5, /如果所有的?.+都|所有.+都是.+(吗|？)/],
    [5, /开关.*灯|灯.*开关/],
  ],
  writing: [
    [
      4,
      /\b(help me )?(word|phrase)\b (a|an|this|my)\b|\b(toast|eulogy|caption|invitation|opening line|dialogue|plot|character|villain|chapter|outline of my|thank-you note|birthday (message|wish|card)|bio|resume|cv|press release|newsletter)\b/i,
    ],
    [
      4,
      /\b(make|sound)\b.{0,30}\b(less|more) (angry|formal|polite|friendly|concise|professional|persuasive|casual)\b|\bshorten this\b/i,
    ],
    [
      5,
      /(写|起|想|拟)(一|个|几)?(个|条|段|首|篇)?.{0,14}(标题|祝福|故事|文章|开头|结尾|名字|口号|邀请函|感谢信|道歉信|简历|日记|读后感|检讨|朋友圈)|改(得)?(简洁|通顺|正式|委婉)|太啰嗦|措辞/,
    ],
    [
      5,
      /\b(write|compose|draft|create|pen)\b.{0,40}\b(story|poem|haiku|sonnet|essay|email|e-mail|letter|speech|post|article|blog|song|lyrics|toast|description|slogan|headline|novel|script|scene|summary|report|review|biography|ad)\b/i,
    ],
    [5, /\b(proofread|rewrite|rephrase|paraphrase|copy-?edit|summari[sz]e)\b/i],
    [4, /\b(catchy|headlines?|titles? for|tagline|slogan)\b/i],
    [
      4,
      /\b(improve|polish|correct|edit)\b.{0,40}\b(tone|essay|letter|paragraph|text|grammar|writing|draft|style)\b/i,
    ],
    [3, /\b(in the style of|cover letter|short story|poem|haiku|essay)\b/i],
    [5, /(写|作)(一)?(首|篇|封|段|份|句|则|个故事|个剧本)|续写|改写|润色|缩写|扩写|仿写/],
    [5, /作文|广告语|文案|致辞|演讲稿|摘要|年终总结|(现代)?诗|绝句|小说|帮我写/],
  ],
}

/** Below it nothing is said loudly enough. */
const LEAST_WEIGHT = 3
/** Of two that are as loud, the earlier one. */
const ORDER = ['translation', 'roleplay', 'code', 'reasoning', 'maths', 'writing'] as const

/** What kind of question a prompt is, by rules: what they reach is in the README. */
export function findCategory(prompt: string): Category {
  const text = prompt.slice(0, 4_000)
  let [found, most]: [Category, number] = ['other', LEAST_WEIGHT - 1]
  for (const category of ORDER) {
    const weight = RULES[category].reduce(
      (sum, [loudness, pattern]) => sum + (pattern.test(text) ? loudness : 0),
      0,
    )
    if (weight > most) [found, most] = [category, weight]
  }
  return found
}
