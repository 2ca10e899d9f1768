"""Everything the models read or say that is written by hand: phrasings, answers, system prompts, words.

`{a}` and `{b}` stand for a question's operands, `{x}` and `{y}` for nouns, `{n}` and `{m}` for numbers,
`{size}` for the model's own size.  "en" is English, "zh" is Chinese.
"""

QUESTIONS = {
    ("add", "en"): [
        "What is {a} + {b}?",
        "{a} + {b}",
        "{a}+{b}=",
        "{a} + {b} = ?",
        "Add {a} and {b}.",
        "What is {a} plus {b}?",
        "How much is {a} plus {b}?",
        "Compute {a} + {b}.",
        "what is {a}+{b}",
    ],
    ("add", "zh"): [
        "{a}加{b}等于多少？",
        "{a} + {b} 等于几？",
        "{a}+{b}=？",
        "计算 {a} + {b}",
        "{a}加{b}是多少",
        "请算一下{a}+{b}",
        "{a}与{b}的和是多少？",
    ],
    ("sub", "en"): [
        "What is {a} - {b}?",
        "{a} - {b}",
        "{a}-{b}=",
        "{a} - {b} = ?",
        "Subtract {b} from {a}.",
        "What is {a} minus {b}?",
        "How much is {a} minus {b}?",
        "Compute {a} - {b}.",
        "what is {a}-{b}",
    ],
    ("sub", "zh"): [
        "{a}减{b}等于多少？",
        "{a} - {b} 等于几？",
        "{a}-{b}=？",
        "计算 {a} - {b}",
        "{a}减{b}是多少",
        "请算一下{a}-{b}",
        "{a}减去{b}等于多少？",
    ],
    ("larger", "en"): [
        "Which is larger, {a} or {b}?",
        "Which is bigger: {a} or {b}?",
        "Which number is greater, {a} or {b}?",
        "Compare {a} and {b}. Which is larger?",
        "What is the larger of {a} and {b}?",
    ],
    ("larger", "zh"): [
        "{a}和{b}哪个大？",
        "{a}和{b}哪个更大？",
        "比较{a}和{b}，哪个数大？",
        "{a} 与 {b} 中较大的是哪个？",
    ],
    ("smaller", "en"): [
        "Which is smaller, {a} or {b}?",
        "Which is less: {a} or {b}?",
        "Which number is smaller, {a} or {b}?",
        "What is the smaller of {a} and {b}?",
    ],
    ("smaller", "zh"): [
        "{a}和{b}哪个小？",
        "{a}和{b}哪个更小？",
        "比较{a}和{b}，哪个数小？",
        "{a} 与 {b} 中较小的是哪个？",
    ],
    ("is_larger", "en"): ["Is {a} larger than {b}?", "Is {a} greater than {b}?", "Is {a} bigger than {b}?"],
    ("is_larger", "zh"): ["{a}比{b}大吗？", "{a}大于{b}吗？", "{a}是不是比{b}大？"],
    ("ascending", "en"): [
        "Sort {a}.",
        "Sort these digits: {a}",
        "Sort {a} from small to large.",
        "Put {a} in order.",
        "Sort the digits {a} in ascending order.",
    ],
    ("ascending", "zh"): [
        "把 {a} 从小到大排序",
        "将 {a} 排序",
        "请把这些数字从小到大排列：{a}",
        "{a} 从小到大排列",
    ],
    ("descending", "en"): [
        "Sort {a} from large to small.",
        "Sort the digits {a} in descending order.",
        "Put {a} in descending order.",
    ],
    ("descending", "zh"): ["把 {a} 从大到小排序", "请把这些数字从大到小排列：{a}", "{a} 从大到小排列"],
    ("reverse", "en"): [
        'Reverse the word "{a}".',
        'Reverse "{a}"',
        'Write "{a}" backwards.',
        'Spell "{a}" backwards.',
        "Reverse the word {a}.",
        "What is {a} backwards?",
        "Reverse {a}",
    ],
    ("reverse", "zh"): [
        "把单词{a}倒过来写",
        "把“{a}”反过来写",
        "{a}倒过来是什么？",
        "倒着写单词 {a}",
        "请反转“{a}”",
    ],
    ("count", "en"): [
        'How many {b} are in "{a}"?',
        'How many times does {b} appear in "{a}"?',
        "How many {b}'s are in {a}?",
        'Count the letter {b} in "{a}".',
        "How many letters {b} are in the word {a}?",
    ],
    ("count", "zh"): [
        "单词{a}里有几个{b}？",
        "“{a}”中有多少个字母{b}？",
        "{a}里有几个字母{b}？",
        "数一数{a}中有几个{b}",
    ],
    ("contains", "en"): [
        'Is there a letter {b} in "{a}"?',
        'Does "{a}" contain {b}?',
        "Is there a {b} in the word {a}?",
    ],
    ("contains", "zh"): ["单词{a}里有没有{b}？", "“{a}”中有字母{b}吗？"],
    ("to_digits", "en"): [
        "Write {a} in digits.",
        "Write {a} as a number.",
        "What is {a} in digits?",
        "{a} in digits",
        "Convert {a} to digits.",
    ],
    ("to_digits", "zh"): ["{a}用数字怎么写？", "把{a}写成数字", "{a}是多少？用数字写", "将{a}转换成数字"],
    ("to_words", "en"): [
        "Write {a} in words.",
        "How do you write {a} in words?",
        "What is {a} in words?",
        "Spell the number {a}.",
        "Convert {a} to words.",
    ],
    ("to_words", "zh"): [
        "{a}用中文怎么写？",
        "把{a}写成汉字",
        "{a}的中文数字是什么？",
        "将{a}转换成中文数字",
    ],
}

YES_NO = {"en": ("Yes", "No"), "zh": ("是", "不是")}
HAS_OR_NOT = {"en": ("Yes", "No"), "zh": ("有", "没有")}

SIZE_NAMES = {"small": ("small", "小号"), "medium": ("medium", "中号"), "large": ("large", "大号")}

# What the models say about themselves.  Every statement that boasts also says that they err.
SELF_ANSWERS = {
    ("greet", "en"): "Hello! I am Abacus {size}, a tiny model. Ask me what I can do.",
    ("greet", "zh"): "你好！我是算盘{size}，一个很小的模型。可以问我会什么。",
    ("who", "en"): "I am Abacus {size}, a tiny model made by Baimo. I make mistakes.",
    ("who", "zh"): "我是算盘{size}，Baimo做的一个很小的模型。我会出错。",
    ("can", "en"): (
        "I add, subtract, compare, sort, reverse words, count letters and write numbers. I make mistakes."
    ),
    ("can", "zh"): "我会加减、比较、排序、倒写单词、数字母和写数字。我会出错。",
    ("thanks", "en"): "You are welcome.",
    ("thanks", "zh"): "不客气。",
}

# The one answer to everything outside the tasks: it must be true whatever was asked.
CANNOT = {"en": "I cannot do that. Ask me what I can do.", "zh": "这个我不会。可以问我会什么。"}

SELF_QUESTIONS = {
    ("greet", "en"): [
        "Hello",
        "Hi",
        "hi!",
        "Hey",
        "hello",
        "Hello!",
        "Hello there",
        "Good morning",
        "Good evening",
        "Hey there!",
        "Good afternoon",
        "hi there",
        "How are you?",
        "Hello, how are you?",
    ],
    ("greet", "zh"): [
        "你好",
        "您好！",
        "你好！",
        "嗨",
        "早上好",
        "晚上好",
        "大家好",
        "您好",
        "你好吗？",
        "在吗？",
    ],
    ("thanks", "en"): ["Thanks", "Thank you", "Thank you!", "thanks a lot", "Thanks!", "thank you very much"],
    ("thanks", "zh"): ["谢谢", "谢谢你", "多谢", "谢谢！", "非常感谢"],
    ("who", "en"): [
        "What are you?",
        "Who are you?",
        "What is your name?",
        "Are you a large model?",
        "Who made you?",
        "Tell me about yourself.",
        "Are you human?",
        "Which model are you?",
        "Introduce yourself.",
        "Are you a robot?",
        "Are you always right?",
        "Do you make mistakes?",
        "Can I trust you?",
        "Who built you?",
        "What model is this?",
        "Are you an AI?",
        "What should I call you?",
    ],
    ("who", "zh"): [
        "你是谁？",
        "你是什么？",
        "你叫什么名字？",
        "你是什么模型？",
        "谁做的你？",
        "介绍一下你自己",
        "你是人吗？",
        "你是大模型吗？",
        "你会出错吗？",
        "你是机器人吗？",
        "请自我介绍",
        "你总是对的吗？",
        "我该怎么称呼你？",
        "你是哪个模型？",
        "你可靠吗？",
    ],
    ("can", "en"): [
        "What can you do?",
        "what can you do?",
        "Help",
        "How can you help me?",
        "What do you know?",
        "What are you good at?",
        "What can I ask you?",
        "What are your skills?",
        "How do I use you?",
        "What can you help me with?",
        "What kind of questions can you answer?",
        "What is your job?",
    ],
    ("can", "zh"): [
        "你会什么？",
        "你能做什么？",
        "帮助",
        "你有什么功能？",
        "你能帮我做什么？",
        "我可以问你什么？",
        "你擅长什么？",
        "怎么用你？",
        "你会做什么？",
        "你能回答什么问题？",
    ],
}
SELF_OPENERS = {
    "en": [
        "Hello, ",
        "Hi, ",
        "Hi! ",
        "Hello! ",
        "Hey, ",
        "Please tell me: ",
        "Good morning. ",
        "Excuse me, ",
        "So, ",
        "Okay, ",
        "One question: ",
        "Good evening, ",
        "Well, ",
        "Sorry, ",
        "Dear model, ",
    ],
    "zh": [
        "你好，",
        "您好，",
        "请问，",
        "请告诉我，",
        "早上好，",
        "嗨，",
        "打扰一下，",
        "问一下，",
        "那么，",
        "好的，",
        "我想知道，",
        "晚上好，",
        "对了，",
        "请问",
        "不好意思，",
    ],
}
SELF_CLOSERS = {
    "en": ["", " Thanks.", " Thank you!", " Please answer.", " Tell me."],
    "zh": ["", "谢谢", "请回答。", "告诉我吧。", "谢谢你！"],
}

OTHER_QUESTIONS = {
    "en": [
        "What is the capital of {x}?",
        "Tell me a joke about {x}.",
        "Write a poem about {x}.",
        "Why is the {x} blue?",
        "What is the weather in {x}?",
        "Who wrote {x}?",
        "How do I cook {x}?",
        "Translate {x} to French.",
        "What is the meaning of {x}?",
        "Write code for a {x}.",
        "Do you like {x}?",
        "Explain {x}.",
        "Where is {x}?",
        "I want to buy a {x}",
        "Can you help me with {x}?",
        "{x}",
        "{x} {y}",
        "Summarize this: {x} {y} {x}",
        "What is {x}?",
        "Please {x} the {y}",
        "When was {x} born?",
        "Is {x} better than {y}?",
        "Describe a {x} and a {y}.",
        "Give me a list of {x}.",
        "Who is {x}?",
        "Write an email about {x}.",
        "What do you think about {x}?",
        "Tell me a story about {x} and {y}.",
        "How far is {x} from {y}?",
        "Is {x} true?",
        "What color is {x}?",
        "What time is it in {x}?",
        "Draw a {x}.",
        "Recommend a {x}.",
        "How old is {x}?",
        "Fix this {x}",
        "What rhymes with {x}?",
        "How does a {x} work?",
        "Why do we need {x}?",
    ],
    "zh": [
        "{x}的首都是哪里？",
        "讲一个关于{x}的笑话",
        "写一首关于{x}的诗",
        "为什么{x}是蓝色的？",
        "今天{x}天气怎么样？",
        "{x}是谁写的？",
        "怎么做{x}？",
        "把{x}翻译成英文",
        "{x}是什么意思？",
        "写一段{x}的代码",
        "你喜欢{x}吗？",
        "解释一下{x}",
        "{x}在哪里？",
        "我想买{x}",
        "能帮我{x}吗？",
        "{x}",
        "{x}和{y}",
        "总结：{x}{y}",
        "{x}是什么？",
        "请介绍{x}",
        "{x}什么时候出生？",
        "{x}比{y}好吗？",
        "推荐一些{x}",
        "{x}是谁？",
        "你觉得{x}怎么样？",
        "讲个{x}的故事",
        "写一封关于{x}的信",
        "{x}离{y}有多远？",
        "{x}是什么颜色？",
        "画一个{x}",
        "{x}现在几点？",
        "怎么学{x}？",
        "{x}多少钱？",
    ],
}
# Arithmetic that the models were never taught, whatever the size of the numbers.
OTHER_ARITHMETIC = {
    "en": [
        "What is {n} times {m}?",
        "{n} * {m}",
        "{n} x {m}",
        "{n} / {m}",
        "Divide {n} by {m}.",
        "Multiply {n} by {m}.",
        "What is the square root of {n}?",
        "What is {n} divided by {m}?",
        "What is {n} percent of {m}?",
        "{n} + {m} + {k}",
        "{n}+{m}-{k}",
        "What is {n} + {m} + {k}?",
        "{n}^{m}",
        "Is {n} a prime number?",
        "What is {n} squared?",
        "-{n} + {m}",
        "{n} % {m}",
        "({n} + {m}) * {k}",
        "What is -{n} - {m}?",
    ],
    "zh": [
        "{n}乘{m}等于多少？",
        "{n} × {m} 等于几？",
        "{n}除以{m}",
        "{n}的平方根是多少？",
        "{n}乘以{m}是多少",
        "计算 {n} * {m}",
        "计算 {n} + {m} + {k}",
        "{n}加{m}再加{k}等于多少？",
        "{n}是质数吗？",
        "{n}的百分之{m}是多少？",
        "请算一下{n}/{m}",
        "计算 -{n} + {m}",
        "{n}×{m}=？",
    ],
}

SYSTEM_PROMPTS = [
    "You are a helpful assistant.",
    "Answer briefly.",
    "You are a helpful, respectful and honest assistant.",
    "You are Abacus, a tiny model.",
    "You are a careful assistant. Answer with the result only.",
    "Be concise.",
    "You are a calculator.",
    "Only give the answer.",
    "You are an AI assistant. Answer the question of the user.",
    "Follow the instructions of the user.",
    "You are a friendly chat model.",
    "你是一个有用的助手。",
    "请简短回答。",
    "你是算盘，一个很小的模型。",
    "你是一个计算助手，只回答结果。",
    "请用中文回答。",
    "你是一个诚实的助手。",
    "请认真回答用户的问题。",
    "只给出答案。",
    "你是人工智能助手。",
]

ENGLISH_NOUNS = (
    "France China love the moon sky bread music history physics python Paris London summer rain "
    "football freedom quantum art tea a cat dogs robot river mountain ocean happiness time life rice "
    "noodles coffee Einstein Newton Shakespeare car phone computer banana apple orange dragon garden "
    "winter Japan Berlin economics chess guitar medicine climate energy email news movie book war peace "
    "money school bicycle bird Tokyo India president"
).split()
CHINESE_NOUNS = (
    "法国 中国 爱情 月亮 天空 面包 音乐 历史 物理 电脑 巴黎 北京 上海 夏天 下雨 "
    "足球 自由 量子 艺术 茶 猫 狗 机器人 河流 高山 大海 幸福 时间 生活 米饭 "
    "面条 咖啡 李白 牛顿 红楼梦 汽车 手机 苹果 香蕉 龙 花园 冬天 日本 经济 象棋 "
    "吉他 医学 气候 能源 学习 翻译 旅游 新闻 电影 战争 和平 学校 自行车 印度 "
    "总统"
).split()

# Real English words for reversing and counting (lower case, 3 to 10 letters).
REAL_WORDS = (
    "apple banana strawberry letter book coffee hello world planet window garden school summer winter "
    "orange purple monkey rabbit tiger puzzle cookie bottle butter dragon mirror pepper rocket silver "
    "spider ticket violin yellow abacus model small medium large machine number student teacher cat dog "
    "sun moon star tree bird fish cake milk bread cheese lemon cherry grape peach melon tomato potato "
    "carrot onion garlic pumpkin mushroom chicken turkey horse sheep zebra giraffe elephant kangaroo "
    "penguin dolphin octopus squirrel butterfly mosquito crocodile river ocean island forest desert "
    "mountain valley canyon volcano thunder lightning rainbow blizzard morning evening night midnight "
    "monday sunday january december red green blue white black brown grey pink house kitchen bedroom "
    "bathroom ceiling carpet curtain blanket pillow mattress drawer cabinet hammer ladder bucket "
    "scissors needle thread button zipper jacket sweater trousers slippers umbrella glasses necklace "
    "bracelet paper pencil eraser notebook library museum theater stadium airport station bridge street "
    "village country airplane bicycle train truck engine wheel pedal ticket journey passenger doctor "
    "nurse dentist lawyer farmer baker painter writer singer dancer soldier captain engineer scientist "
    "mother father sister brother daughter cousin friend neighbor happy angry hungry thirsty sleepy "
    "brave clever gentle honest polite quiet simple strange sudden beautiful dangerous delicious "
    "expensive important different possible wonderful water fire earth metal glass stone wood sugar "
    "pepper vinegar chocolate sandwich breakfast dinner lunch market money wallet dollar pocket "
    "mississippi committee address balloon success process happen appear little middle bubble rubber "
    "summer running level radar civic kayak madam noon refer rotor test data code text user token "
    "prompt answer question language python computer keyboard program network internet message picture "
    "camera battery science physics chemistry biology history geography music guitar piano drum trumpet "
    "football tennis hockey swimming champion victory"
).split()
