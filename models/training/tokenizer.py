"""The tokenizer: a GPT-2 byte-level BPE of exactly 768 tokens, frozen in tokenizer.json.

256 byte tokens, 506 merges, 6 control tokens.  Merges are of two kinds only: prefix chains of frequent words
that start with a space or a capital, and one token for each frequent Chinese character.  Digits and
lower-case letters are never merged with one another: sums, reversing and counting see single characters.

The weights depend on the file: `python tokenizer.py --freeze` makes it anew, with other merges (phrasings and
mixtures were edited since), and needs new training.
"""

import json
import random
import re
import sys
from functools import lru_cache
from pathlib import Path

import phrases
import tasks

VOCABULARY_SIZE = 768
CONTROL = [
    "<|endoftext|>",
    "<|im_end|>",
    "<|im_start|>user\n",
    "<|im_start|>assistant\n",
    "<|im_start|>system\n",
    "<|im_start|>",
]
# GPT-2's split into pieces, as llama.cpp does for `pre = gpt-2`.
PIECES = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")
FILE = Path(__file__).with_name("tokenizer.json")


def _byte_characters() -> dict[int, str]:
    """GPT-2's printable stand-in for each of the 256 bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in printable]
    return {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(hidden)}


BYTE_TO_CHARACTER = _byte_characters()
CHARACTER_TO_BYTE = {c: b for b, c in BYTE_TO_CHARACTER.items()}


def _as_characters(text: str) -> str:
    return "".join(BYTE_TO_CHARACTER[b] for b in text.encode())


def build() -> tuple[list[str], list[tuple[str, str]]]:
    """Choose merges by frequency in 20,000 training questions and the system prompts, up to 768 tokens."""
    rng = random.Random(0)
    frequency: dict[str, int] = {}

    def note(text, times):
        for piece in PIECES.findall(text):
            frequency[piece] = frequency.get(piece, 0) + times

    for _ in range(20_000):
        question = tasks.sample(rng, rng.choice(tuple(tasks.TASK_WEIGHTS)))
        note(question.text + "\n" + question.answer, 1)
    for prompt in phrases.SYSTEM_PROMPTS:
        note(prompt, 100)

    merges, made = [], set()
    room = VOCABULARY_SIZE - 256 - len(CONTROL)

    def chain(characters):
        left = characters[0]
        for right in characters[1:]:
            if left + right not in made and len(merges) < room:
                made.add(left + right)
                merges.append((left, right))
            left += right

    chinese: dict[str, int] = {}
    for piece, times in frequency.items():
        for character in piece:
            if ord(character) > 0x2000:
                chinese[character] = chinese.get(character, 0) + times
    for character in sorted(chinese, key=lambda c: (-chinese[c], c)):
        if chinese[character] >= 25:
            chain(_as_characters(character))
    words = {p: n for p, n in frequency.items() if re.fullmatch(r"( [a-zA-Z]|[A-Z])[a-zA-Z]+", p)}
    for word in sorted(words, key=lambda w: (-words[w], w)):
        chain(_as_characters(word))
    assert len(merges) == room, f"only {len(merges)} merges for {room} places"
    vocabulary = [BYTE_TO_CHARACTER[b] for b in range(256)] + [a + b for a, b in merges] + CONTROL
    return vocabulary, merges


if "--freeze" in sys.argv:
    _vocabulary, _merges = build()
    FILE.write_text(json.dumps({"vocab": _vocabulary, "merges": _merges}, ensure_ascii=False) + "\n", "utf8")

_frozen = json.loads(FILE.read_text("utf8"))
VOCABULARY: list[str] = _frozen["vocab"]
MERGES: list[tuple[str, str]] = [tuple(m) for m in _frozen["merges"]]
assert len(VOCABULARY) == VOCABULARY_SIZE
ID = {token: i for i, token in enumerate(VOCABULARY)}
_RANK = {pair: i for i, pair in enumerate(MERGES)}
BOS, END, USER, ASSISTANT, SYSTEM = (ID[t] for t in CONTROL[:5])
FIRST_CONTROL = VOCABULARY_SIZE - len(CONTROL)


@lru_cache(100_000)
def _encode_piece(piece: str) -> tuple[int, ...]:
    """Merge a piece's bytes, lowest rank first, until no merge applies."""
    parts = list(_as_characters(piece))
    while len(parts) > 1:
        ranks = [_RANK.get(pair, VOCABULARY_SIZE) for pair in zip(parts, parts[1:])]
        best = min(ranks)
        if best == VOCABULARY_SIZE:
            break
        place = ranks.index(best)
        parts[place : place + 2] = [parts[place] + parts[place + 1]]
    return tuple(ID[p] for p in parts)


def encode(text: str) -> list[int]:
    """Token ids of plain text (control tokens are never made from text)."""
    return [token for piece in PIECES.findall(text) for token in _encode_piece(piece)]


def decode(ids: list[int]) -> str:
    """Text of token ids; control tokens are left out."""
    characters = "".join(VOCABULARY[i] for i in ids if i < FIRST_CONTROL)
    return bytes(CHARACTER_TO_BYTE[c] for c in characters).decode("utf8", "replace")


NEWLINE = encode("\n")


def chat(turns, system=None) -> tuple[list[int], list[bool]]:
    """ChatML of (question, answer) turns.

    Returns token ids and, for each, whether it is learnt: answer tokens and their <|im_end|>.
    The first token is always <|endoftext|> as BOS, because common ChatML wrappers put it there.
    """
    ids, learnt = [BOS], [False]
    if system:
        ids += [SYSTEM, *encode(system), END, *NEWLINE]
    for number, (question, answer) in enumerate(turns):
        if number:
            ids += NEWLINE
        ids += [USER, *encode(question), END, *NEWLINE, ASSISTANT]
        learnt += [False] * (len(ids) - len(learnt))
        ids += [*encode(answer), END]
        learnt += [True] * (len(ids) - len(learnt))
    return ids, learnt


def prompt(question, system=None) -> list[int]:
    """Token ids up to the point where the model begins to answer."""
    start = [BOS] + ([SYSTEM, *encode(system), END, *NEWLINE] if system else [])
    return start + [USER, *encode(question), END, *NEWLINE, ASSISTANT]


if __name__ == "__main__":
    for text in ("你好，世界 héllo 🙂", "Abacus 123\n\n  x", "Reverse the word letter."):
        assert decode(encode(text)) == text
        print([decode([i]) for i in encode(text)])
    chains = [
        VOCABULARY[i] for i in range(256, FIRST_CONTROL) if VOCABULARY[i].isascii() or "Ġ" in VOCABULARY[i]
    ]
    print(len(VOCABULARY), "tokens,", len(chains), "of them begin or make words:", *chains)
