"""Score a checkpoint on held-out questions, as the exported F16 file would answer (float32 arithmetic).

    python evaluate.py runs/small.pt --out logs/scores-small.json [--questions 500]

An answer counts when it is exactly right, character by character, under greedy decoding.  Questions of a cell
are distinct and the same for every model; their seed is fixed here and is not the one used during training.
"""

import argparse
import json
import math
import random
from pathlib import Path

import torch

import phrases
import tasks
import tokenizer
from model import load
from train import exact_matches, score_cells

SEED = "published"
# The cells whose mean is quoted; "other" (saying what it cannot do) is scored beside them.
MAIN_CELLS = [name for name, _, _ in tasks.CELLS if name != "other"]
# Questions whose phrasing is in no template: how far "I cannot do that" reaches.
UNSEEN_OTHER = {
    "en": [
        "My bike is broken, any advice?",
        "Who won the game last night?",
        "Play some jazz.",
        "Book me a flight to Rome.",
        "Is water wet?",
        "Could you proofread my essay?",
        "Set an alarm for seven.",
        "Which planet is the biggest?",
        "Tell me about the French Revolution.",
        "What should I eat tonight?",
        "How tall is Mount Everest?",
        "I feel sad today.",
        "Sing me a song.",
        "What is the integral of x squared?",
        "Open the window, please.",
        "Do fish sleep?",
        "Make a haiku about autumn leaves.",
        "Why do cats purr?",
        "Give me three facts about Mars.",
        "How many people live in China?",
        "What day is it today?",
        "Convert 10 miles to kilometers.",
        "Find the bug in my program.",
        "Can I get a refund?",
        "Who is the king of Spain?",
        "Solve 2x + 3 = 7",
        "Should I learn Rust or Go?",
        "What is 20% of 50?",
        "Round 3.14159 to two places.",
        "lorem ipsum dolor sit amet",
    ],
    "zh": [
        "我的自行车坏了怎么办？",
        "昨晚谁赢了比赛？",
        "放一首歌吧",
        "帮我订机票",
        "水是湿的吗？",
        "帮我改改作文",
        "七点叫醒我",
        "哪个行星最大？",
        "讲讲唐朝的历史",
        "今晚吃什么好？",
        "珠穆朗玛峰有多高？",
        "我今天很难过",
        "唱首歌给我听",
        "鱼会睡觉吗？",
        "猫为什么会叫？",
        "说三件火星上的事",
        "世界上有多少人？",
        "今天星期几？",
        "十公里等于多少英里？",
        "程序报错了怎么修？",
        "可以退款吗？",
        "西班牙国王叫什么？",
        "解方程 2x + 3 = 7",
        "我应该学哪门语言？",
        "明天会下雪吗？",
        "圆周率是多少？",
        "写个请假条",
        "给我一个密码",
        "一年有几天？",
        "床前明月光",
    ],
}


def rounded_model(checkpoint):
    """The model with its matrices rounded to float16, as they stand in the GGUF file."""
    model = load(checkpoint)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.copy_(parameter.half().float())
    return model


def share(right) -> dict:
    return dict(score=round(sum(right) / len(right), 4), n=len(right))


def score_by_digits(model, size, number):
    """Addition and subtraction by digits of the longer operand, with the number of distinct operand pairs."""
    result = {}
    for task in ("add", "sub"):
        for digits in (1, 2, 3, 4):
            weights = tuple(int(d == digits) for d in (1, 2, 3, 4))
            for language in tasks.LANGUAGES:
                questions = tasks.held_out_set(
                    size, task, language, number, SEED + "/digits", digit_weights=weights
                )
                right = exact_matches(model, [tokenizer.chat([(q.text, q.answer)]) for q in questions])
                pairs = len({q.key for q in questions})
                result[f"{task}_{digits}/{language}"] = share(right) | dict(pairs=pairs)
    return result


def score_extras(model, size):
    """Probes beside the cells: real words, a letter's presence, system prompts, later turns, new requests."""
    rng = random.Random(SEED + "/extras")

    def held(task, language):
        return tasks.held_out_set(size, task, language, 200, SEED + "/extras")

    result = {}
    reverse, count = [], []
    for word in tasks.KNOWN_WORDS:
        letter = rng.choice(word)
        if tasks.is_held_out(f"reverse:{word}"):
            reverse += [
                (p.format(a=word), word[::-1])
                for lang in tasks.LANGUAGES
                for p in phrases.QUESTIONS["reverse", lang]
            ]
        if tasks.is_held_out(f"count:{word}:{letter}"):
            count += [
                (p.format(a=word, b=letter), str(word.count(letter)))
                for lang in tasks.LANGUAGES
                for p in phrases.QUESTIONS["count", lang]
            ]
    result["reverse_real_words"] = share(exact_matches(model, [tokenizer.chat([t]) for t in reverse]))
    result["count_real_words"] = share(exact_matches(model, [tokenizer.chat([t]) for t in count]))
    present = held("contains", "en") + held("contains", "zh")
    rows = [tokenizer.chat([(q.text, q.answer)]) for q in present]
    result["letter_present"] = share(exact_matches(model, rows))

    mixed = [q for task in tasks.TASKS for language in tasks.LANGUAGES for q in held(task, language)[:25]]
    mixed = [(q.text, q.answer) for q in mixed]
    result["mixed"] = share(exact_matches(model, [tokenizer.chat([t]) for t in mixed]))
    prompts = [rng.choice(phrases.SYSTEM_PROMPTS) for _ in mixed]
    rows = [tokenizer.chat([t], system) for t, system in zip(mixed, prompts)]
    result["mixed_with_system_prompt"] = share(exact_matches(model, rows))
    rows = []
    for turn in mixed:
        before = tasks.sample(rng, size)
        ids, learnt = tokenizer.chat([(before.text, before.answer), turn])
        first = len(tokenizer.chat([(before.text, before.answer)])[0])
        rows.append((ids, [False] * first + learnt[first:]))
    result["mixed_as_second_turn"] = share(exact_matches(model, rows))
    for language, questions in UNSEEN_OTHER.items():
        rows = [tokenizer.chat([(text, phrases.CANNOT[language])]) for text in questions]
        result[f"other_unseen_phrasings/{language}"] = share(exact_matches(model, rows))
    return result


def evaluate(checkpoint, number):
    """All scores of a checkpoint as plain data."""
    model, size = rounded_model(checkpoint), checkpoint["size"]
    cells = tasks.all_cells(size, number, SEED)
    scores = score_cells(model, cells)
    model.eval()
    result = {}
    for (name, language), questions in cells.items():
        score = scores[f"{name}/{language}"]
        error = math.sqrt(score * (1 - score) / len(questions))
        result[f"{name}/{language}"] = dict(
            score=round(score, 4), n=len(questions), standard_error=round(error, 4)
        )
    main = [scores[f"{name}/{language}"] for name in MAIN_CELLS for language in tasks.LANGUAGES]
    return dict(
        size=size,
        seed=checkpoint["seed"],
        tokens=checkpoint["seen"],
        mean=round(sum(main) / len(main), 4),
        mean_by_language={
            lang: round(sum(scores[f"{name}/{lang}"] for name in MAIN_CELLS) / len(MAIN_CELLS), 4)
            for lang in tasks.LANGUAGES
        },
        mean_with_other=round(sum(scores.values()) / len(scores), 4),
        cells=result,
        by_digits=score_by_digits(model, size, min(number, 300)),
        extras=score_extras(model, size),
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    scores = evaluate(torch.load(options.checkpoint, weights_only=False), options.questions)
    text = json.dumps(scores, indent=1, ensure_ascii=False) + "\n"
    if options.out:
        options.out.write_text(text, "utf8")
    print(text)


if __name__ == "__main__":
    main()
