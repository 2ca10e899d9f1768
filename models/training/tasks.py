"""Questions made by a program, their right answers, and the split into training and held-out questions.

A question's *key* names its operands without their order, language or phrasing.  One key in twenty (one in
five for self statements, which have fewer) is *held out*: never trained on, in any language or phrasing.
"""

import random
import re
import zlib
from dataclasses import dataclass

import phrases

LANGUAGES = ("en", "zh")

# How often each task is drawn in training.  Larger models get more of what is hard (counting, subtraction)
# and less of what they master early (sorting, comparing, reversing).
TASK_WEIGHTS = {
    "small": dict(
        add=18, sub=20, compare=16, sort=11, reverse=11, count=13, to_digits=3, to_words=3, self=3, other=4
    ),
    "medium": dict(
        add=18, sub=21, compare=13, sort=9, reverse=10, count=17, to_digits=3, to_words=3, self=3, other=4
    ),
    "large": dict(
        add=16, sub=22, compare=12, sort=9, reverse=9, count=19, to_digits=3, to_words=4, self=2, other=4
    ),
}
# Another mixture at the start of a run: (number of first pools of conversations, weights).  In the large
# model's run sorting, comparing and English number words lagged at first, so they got more from then on.
EARLY_WEIGHTS = {
    "large": (
        24,
        dict(
            add=17, sub=23, compare=11, sort=6, reverse=9, count=21, to_digits=3, to_words=3, self=3, other=4
        ),
    ),
}
TASKS = tuple(TASK_WEIGHTS["small"])

CONSONANTS, VOWELS = "bcdfghjklmnprstvwyz", "aeiou"
ALPHABET = "abcdefghijklmnopqrstuvwxyz"
EASY_COUNT_SHARE = 0.4  # share of training's counting questions with words of two to five letters
CONTAINS_SHARE = 0.15  # share of training's counting questions that ask only whether the letter is there


@dataclass(frozen=True)
class Question:
    """One question with its right answer; `key` decides whether it is held out."""

    task: str
    language: str
    key: str
    text: str
    answer: str


# ---------------------------------------------------------------- number words

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
_HAN_DIGITS = "零一二三四五六七八九"


def english_number(n: int) -> str:
    """English words of a number from 0 to 9999, with "and" before the tens: "two hundred and five"."""
    if n < 20:
        return _ONES[n]
    if n < 100:
        return _TENS[n // 10] + ("-" + _ONES[n % 10] if n % 10 else "")
    if n < 1000:
        return _ONES[n // 100] + " hundred" + (" and " + english_number(n % 100) if n % 100 else "")
    rest = n % 1000
    if rest == 0:
        return _ONES[n // 1000] + " thousand"
    return _ONES[n // 1000] + " thousand" + (" and " if rest < 100 else " ") + english_number(rest)


def chinese_number(n: int) -> str:
    """Chinese numerals of a number from 0 to 9999: 2005 is 二千零五, 15 is 十五."""
    if n < 10:
        return _HAN_DIGITS[n]
    if n < 20:
        return "十" + (_HAN_DIGITS[n % 10] if n % 10 else "")
    words, skipped_zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = n // unit % 10
        if digit:
            words += ("零" if skipped_zero and words else "") + _HAN_DIGITS[digit] + name
            skipped_zero = False
        else:
            skipped_zero = True
    return words


# ---------------------------------------------------------------- operands


def _template_words() -> list[str]:
    """Lower-case words of three to ten letters that the phrasings themselves use (some are single tokens)."""
    texts = [t for (_, language), group in phrases.QUESTIONS.items() if language == "en" for t in group]
    texts += phrases.OTHER_QUESTIONS["en"] + phrases.SYSTEM_PROMPTS
    texts += [text for (_, language), text in phrases.SELF_ANSWERS.items() if language == "en"]
    words = {word.lower() for text in texts for word in re.findall("[a-zA-Z]+", text)}
    return sorted(w for w in words | set(_ONES) | set(_TENS) if 3 <= len(w) <= 10 and w.isalpha())


VOCABULARY_WORDS = _template_words()
KNOWN_WORDS = [w for w in dict.fromkeys(phrases.REAL_WORDS) if 3 <= len(w) <= 10]


def make_word(rng: random.Random, shortest: int = 3, longest: int = 10) -> str:
    """A lower-case word: real, from the phrasings, pronounceable, of few letters, or of random letters."""
    length = rng.randint(shortest, longest)
    kind = rng.random()
    if kind < 0.20:
        words = KNOWN_WORDS if rng.random() < 0.5 else VOCABULARY_WORDS
        word = rng.choice(words)
        if shortest <= len(word) <= longest:
            return word
    if kind < 0.36:  # starts like a word of the vocabulary, so that every token that begins a word gets spelt
        word = rng.choice(VOCABULARY_WORDS)
        head = word[: rng.randint(2, len(word))][:length]
        return head + "".join(rng.choice(ALPHABET) for _ in range(length - len(head)))
    if kind < 0.56:
        first = rng.randrange(2)
        return "".join(rng.choice(CONSONANTS if (i + first) % 2 else VOWELS) for i in range(length))
    if kind < 0.68:
        return "".join(rng.choice(VOWELS if rng.random() < 0.4 else CONSONANTS) for _ in range(length))
    if kind < 0.80:
        few = rng.sample(ALPHABET, 3)
        return "".join(rng.choice(few) for _ in range(length))
    return "".join(rng.choice(ALPHABET) for _ in range(length))


def make_number(rng: random.Random, digits: int) -> int:
    """A number with exactly this many digits (0 counts as one digit)."""
    return rng.randint(0 if digits == 1 else 10 ** (digits - 1), 10**digits - 1)


def make_pair(rng: random.Random, digit_weights: tuple[int, ...]) -> tuple[int, int]:
    """Two numbers in random order; the longer one's digit count (1, 2, 3, 4) is drawn by weight."""
    longer = rng.choices((1, 2, 3, 4), digit_weights)[0]
    other = longer if rng.random() < 0.6 else rng.randint(1, longer)
    a, b = make_number(rng, longer), make_number(rng, other)
    return (a, b) if rng.random() < 0.5 else (b, a)


# ---------------------------------------------------------------- one question of each task


def _unordered(task: str, a: int, b: int) -> str:
    return f"{task}:{min(a, b)}:{max(a, b)}"


def _phrase(rng: random.Random, kind: str, language: str, a: object, b: object = "") -> str:
    return rng.choice(phrases.QUESTIONS[kind, language]).format(a=a, b=b)


def _add(rng, language, digit_weights=(2, 5, 6, 5)):
    a, b = make_pair(rng, digit_weights)
    return _unordered("add", a, b), _phrase(rng, "add", language, a, b), str(a + b)


def _sub(rng, language, digit_weights=(2, 5, 6, 6)):
    a, b = make_pair(rng, digit_weights)
    if a < b and rng.random() < 0.7:
        a, b = b, a
    return _unordered("sub", a, b), _phrase(rng, "sub", language, a, b), str(a - b)


def _compare(rng, language, digit_weights=(1, 3, 4, 4)):
    kind = rng.choice(("larger", "larger", "smaller", "is_larger"))
    a, b = make_pair(rng, digit_weights)
    if rng.random() < 0.3:
        b = min(9999, max(0, a + rng.randint(-12, 12)))
    if a == b:
        b = b + 1 if b < 9999 else b - 1
    if kind == "larger":
        answer = str(max(a, b))
    elif kind == "smaller":
        answer = str(min(a, b))
    else:
        answer = phrases.YES_NO[language][0 if a > b else 1]
    return _unordered("compare", a, b), _phrase(rng, kind, language, a, b), answer


def _sort(rng, language):
    kind = rng.choice(("ascending", "ascending", "descending"))
    digits = [rng.randint(0, 9) for _ in range(rng.randint(3, 8))]
    separator = rng.choice((" ", ", ") if language == "en" else (" ", "，"))
    ordered = sorted(digits, reverse=kind == "descending")
    question = _phrase(rng, kind, language, separator.join(map(str, digits)))
    return "sort:" + "".join(map(str, sorted(digits))), question, separator.join(map(str, ordered))


def _reverse(rng, language, word=None):
    word = word or make_word(rng)
    return f"reverse:{word}", _phrase(rng, "reverse", language, word), word[::-1]


def _count_operands(rng, shortest, longest):
    """A word and a letter that stands in it a chosen number of times (0 to 4, small numbers more often)."""
    word = make_word(rng, shortest, longest)
    if rng.random() < 0.3:  # leave the word as it is
        return word, rng.choice(word) if rng.random() < 0.75 else rng.choice(ALPHABET)
    wanted = rng.choices((0, 1, 2, 3, 4), (3, 4, 4, 3, 2))[0]
    letter = rng.choice(word) if rng.random() < 0.5 else rng.choice(ALPHABET)
    wanted = min(wanted, len(word))
    others = [c for c in ALPHABET if c != letter]
    letters = [rng.choice(others) if c == letter else c for c in word]
    for place in rng.sample(range(len(letters)), wanted):
        letters[place] = letter
    return "".join(letters), letter


def _count(rng, language, training=False):
    easy = training and rng.random() < EASY_COUNT_SHARE
    word, letter = _count_operands(rng, 2, 5) if easy else _count_operands(rng, 3, 10)
    key, times = f"count:{word}:{letter}", word.count(letter)
    if training and rng.random() < CONTAINS_SHARE:
        answer = phrases.HAS_OR_NOT[language][0 if times else 1]
        return key, _phrase(rng, "contains", language, word, letter), answer
    return key, _phrase(rng, "count", language, word, letter), str(times)


def _contains(rng, language):
    word, letter = _count_operands(rng, 3, 10)
    answer = phrases.HAS_OR_NOT[language][0 if letter in word else 1]
    return f"count:{word}:{letter}", _phrase(rng, "contains", language, word, letter), answer


def _number_with_words(rng, language):
    n = make_number(rng, rng.choices((1, 2, 3, 4), (1, 3, 5, 6))[0])
    if rng.random() < 0.15:
        n = n // 100 * 100 + n % 10  # numbers with a zero inside need their own words
    return n, english_number(n) if language == "en" else chinese_number(n)


def _to_digits(rng, language):
    n, words = _number_with_words(rng, language)
    question = _phrase(rng, "to_digits", language, words)
    if language == "en" and rng.random() < 0.5:
        question = question[0].upper() + question[1:]
    return f"number:{n}", question, str(n)


def _to_words(rng, language):
    n, words = _number_with_words(rng, language)
    return f"number:{n}", _phrase(rng, "to_words", language, n), words


def _self(rng, language, size="small"):
    topic = rng.choices(("who", "can", "greet", "thanks"), (5, 4, 2, 1))[0]
    answer = phrases.SELF_ANSWERS[topic, language].format(size=phrases.SIZE_NAMES[size][language == "zh"])
    question = rng.choice(phrases.SELF_QUESTIONS[topic, language])
    if topic in ("greet", "thanks") or rng.random() < 0.4:
        return "plain:" + question, question, answer  # a question by itself is always trained on
    opener = rng.choice(phrases.SELF_OPENERS[language])
    if opener[-2:] in (", ", ": ") and question.split()[0] != "I":
        question = question[0].lower() + question[1:]
    question = opener + question + rng.choice(phrases.SELF_CLOSERS[language])
    return "self:" + question, question, answer


def _decimal(rng) -> str:
    places = rng.randint(1, 2)
    return f"{make_number(rng, rng.randint(1, 3))}.{rng.randint(0, 10**places - 1):0{places}d}"


def _other(rng, language):
    """Something that the models cannot do; the answer says so."""
    kind = rng.random()
    if kind < 0.45:
        nouns = phrases.ENGLISH_NOUNS if language == "en" else phrases.CHINESE_NOUNS
        x, y = rng.choice(nouns), rng.choice(nouns)
        if language == "en" and rng.random() < 0.15:
            x = make_word(rng)
        question = rng.choice(phrases.OTHER_QUESTIONS[language]).format(x=x, y=y)
    elif kind < 0.68:  # numbers of five to eight digits
        task = rng.choice(("add", "sub", "larger", "is_larger", "to_words"))
        a, b = make_number(rng, rng.randint(5, 8)), make_number(rng, rng.randint(1, 8))
        if rng.random() < 0.5 and task != "to_words":
            a, b = b, a
        question = _phrase(rng, task, language, a, b)
    elif kind < 0.79:  # decimal fractions
        task = rng.choice(("add", "sub", "larger", "is_larger", "to_words"))
        a, b = _decimal(rng), _decimal(rng) if rng.random() < 0.6 else make_number(rng, rng.randint(1, 4))
        if rng.random() < 0.4 and task != "to_words":
            a, b = b, a
        question = _phrase(rng, task, language, a, b)
    elif kind < 0.95:  # multiplication, division, sums of three numbers, negative operands
        n, m, k = (make_number(rng, rng.randint(1, 4)) for _ in range(3))
        question = rng.choice(phrases.OTHER_ARITHMETIC[language]).format(n=n, m=m, k=k)
    else:  # sorting numbers of several digits
        numbers = [make_number(rng, rng.randint(1, 3)) for _ in range(rng.randint(2, 5))]
        numbers.append(make_number(rng, 2))
        rng.shuffle(numbers)
        separator = rng.choice((" ", ", ") if language == "en" else (" ", "，"))
        kind = rng.choice(("ascending", "descending"))
        question = _phrase(rng, kind, language, separator.join(map(str, numbers)))
    return "other:" + question, question, phrases.CANNOT[language]


_MAKERS = {
    "add": _add,
    "sub": _sub,
    "compare": _compare,
    "sort": _sort,
    "reverse": _reverse,
    "count": _count,
    "contains": _contains,
    "to_digits": _to_digits,
    "to_words": _to_words,
    "self": _self,
    "other": _other,
}


# ---------------------------------------------------------------- split and sampling


def is_held_out(key: str) -> bool:
    """Whether questions with this key are kept out of training."""
    if key.startswith("plain:"):
        return False
    return zlib.crc32(key.encode()) % (5 if key.startswith("self:") else 20) == 0


def weights_of_pool(size: str, pool: int) -> dict[str, int]:
    """The task weights of a run's pool of conversations (pools count from 0)."""
    pools, early = EARLY_WEIGHTS.get(size, (0, {}))
    return early if pool < pools else TASK_WEIGHTS[size]


def sample(rng, size, task=None, language=None, held_out=False, weights=None, **options) -> Question:
    """Draw one question, trained (default) or held out, of one task and language or of a mixture of tasks."""
    weights = weights or TASK_WEIGHTS[size]
    while True:
        chosen = task or rng.choices(tuple(weights), tuple(weights.values()))[0]
        spoken = language or rng.choice(LANGUAGES)
        extra = dict(options)
        if chosen == "self":
            extra["size"] = size
        if chosen == "count":
            extra["training"] = not held_out
        key, text, answer = _MAKERS[chosen](rng, spoken, **extra)
        if is_held_out(key) == held_out:
            return Question(chosen, spoken, key, text, answer)


# The cells that are scored: name, task, options of its maker.  Digits are those of the longer operand.  There
# are few distinct held-out sums of one digit: they weigh little in the 1-3 digit cells, and have their own.
CELLS = (
    ("add_1_3", "add", dict(digit_weights=(1, 4, 5, 0))),
    ("add_4", "add", dict(digit_weights=(0, 0, 0, 1))),
    ("sub_1_3", "sub", dict(digit_weights=(1, 4, 5, 0))),
    ("sub_4", "sub", dict(digit_weights=(0, 0, 0, 1))),
    ("compare", "compare", {}),
    ("sort", "sort", {}),
    ("reverse", "reverse", {}),
    ("count", "count", {}),
    ("to_digits", "to_digits", {}),
    ("to_words", "to_words", {}),
    ("self", "self", {}),
    ("other", "other", {}),
)


def held_out_set(size, task, language, number, seed, **options) -> list[Question]:
    """Up to `number` held-out questions with distinct texts; the same questions for every size."""
    rng = random.Random(f"{seed}/{task}/{language}/{sorted(options.items())}")
    found = {}
    for _ in range(number * 40):
        question = sample(rng, size, task, language, held_out=True, **options)
        found.setdefault(question.text, question)
        if len(found) == number:
            break
    return list(found.values())


def all_cells(size, number, seed) -> dict[tuple[str, str], list[Question]]:
    """The held-out questions of every cell in both languages."""
    return {
        (name, language): held_out_set(size, task, language, number, seed, **options)
        for name, task, options in CELLS
        for language in LANGUAGES
    }
