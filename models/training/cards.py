"""Write each model's card (../abacus-SIZE.json) and the family's README (../README.md).

    python cards.py

They are made from the GGUF files and from logs/, which must hold, for each size, train-SIZE.json and
train-SIZE.log (train.py), scores-SIZE.json (evaluate.py) and parity-SIZE.json (parity.mjs).  No number in a
card is typed in by hand.
"""

import hashlib
import json
import re
from pathlib import Path

import tasks
from export import DESCRIPTION, SIZE_LABELS
from model import CONTEXT, SHAPES
from train import POOL_ROWS, STEP_TOKENS

HERE = Path(__file__).parent
MODELS = HERE.parent
LOGS = HERE / "logs"
SIZES = tuple(SHAPES)

CELL_TITLES = {
    "add_1_3": "add, 1–3 digits",
    "add_4": "add, 4 digits",
    "sub_1_3": "subtract, 1–3 digits",
    "sub_4": "subtract, 4 digits",
    "compare": "compare",
    "sort": "sort digits",
    "reverse": "reverse a word",
    "count": "count a letter",
    "to_digits": "number words → digits",
    "to_words": "digits → number words",
    "self": "say what it is",
    "other": "say that it cannot",
}
EXTRA_TITLES = {
    "reverse_real_words": "reverse held-out real English words",
    "count_real_words": "count in real English words (held-out word and letter)",
    "letter_present": "is a letter in a word (yes or no)",
    "mixed": "all tasks mixed, one turn",
    "mixed_with_system_prompt": "the same behind a system prompt",
    "mixed_as_second_turn": "the same as a second turn",
    "other_unseen_phrasings/en": "says that it cannot: 30 hand-written English requests in no template",
    "other_unseen_phrasings/zh": "says that it cannot: 30 hand-written Chinese requests in no template",
}
CAN = [
    "add and subtract two whole numbers of up to four digits (results may be negative)",
    "say which of two numbers is larger or smaller",
    "sort three to eight single digits, up or down",
    "reverse a lower-case word of three to ten letters",
    "count a letter in such a word",
    "write numbers up to 9999 as English or Chinese words, and back",
    "say what it is, and that it makes mistakes",
    "answer in English or Chinese, as it was asked",
]
CANNOT = [
    "anything else: it has no knowledge and cannot hold a conversation; asked for more it says that it "
    "cannot, and sometimes answers wrongly instead",
    "numbers of five or more digits, decimals, negative operands, sums of three numbers, multiplication, "
    "division",
    "capital letters or spaces in words to reverse or count",
    "words longer than ten letters",
    "phrasings far from those it was trained on",
]


def read(name):
    return json.loads((LOGS / name).read_text("utf8"))


def early_weights(size):
    """The mixture at the start of the run, where it was another one, and how many conversations it lasted."""
    if size not in tasks.EARLY_WEIGHTS:
        return None
    pools, weights = tasks.EARLY_WEIGHTS[size]
    return {"conversations": pools * POOL_ROWS, "weights": weights}


def card(size):
    """One model's card as plain data."""
    file = MODELS / f"abacus-{size}.gguf"
    data = file.read_bytes()
    log = [entry for entry in read(f"train-{size}.json") if "step" in entry]
    changes = [entry["total_changed"] for entry in read(f"train-{size}.json") if "total_changed" in entry]
    last, scores, parity = log[-1], read(f"scores-{size}.json"), read(f"parity-{size}.json")
    assert parity["bytes"] == len(data), f"the parity check of {size} was made with another file"
    assert scores["tokens"] == last["tokens"], f"the scores of {size} belong to another run"
    started = re.search(
        r"(\d+) parameters, ([\d.]+) M tokens, (\d+) threads", (LOGS / f"train-{size}.log").read_text()
    )
    return {
        "publisher": "baimo",
        "name": f"abacus-{size}",
        "display_name": f"Abacus {size.capitalize()}",
        "family": "Abacus",
        "description": DESCRIPTION,
        "licence": "Apache-2.0",
        "languages": ["en", "zh"],
        "architecture": "llama",
        "shape": SHAPES[size],
        "vocabulary": 768,
        "openness": "fully-open",
        "modalities": ["text"],
        "parameters": int(started[1]),
        "parameters_total": int(started[1]),
        "size_label": SIZE_LABELS[size],
        "context": CONTEXT,
        "context_tokens": CONTEXT,
        "chat_format": "ChatML",
        "temperature": 0,
        "file": {
            "name": file.name,
            "format": "GGUF",
            "type": "F16",
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        },
        "training": {
            "data": "questions made by training/tasks.py; no text from people or from other models",
            "tokens": last["tokens"],
            "conversations": last["rows"],
            "steps": last["step"],
            "tokens_per_step": STEP_TOKENS,
            "seed": scores["seed"],
            "minutes": last["minutes"],
            "machine": f"{started[3]} thread of a shared x86-64 server CPU with bf16 instructions",
            "flop": round(last["flop"]),
            "flop_counted": "PyTorch FlopCounterMode on every 50th step of the run (forward, backward, "
            "optimizer), scaled to all tokens and steps",
            "task_weights": tasks.TASK_WEIGHTS[size],
            "task_weights_at_first": early_weights(size),
            "planned_tokens_changed": changes,
        },
        "scores": {
            "measure": "share of answers that are exactly right under greedy decoding, on held-out questions",
            "mean": scores["mean"],
            "mean_of": "all cells but `other`, both languages",
            "mean_by_language": scores["mean_by_language"],
            "cells": scores["cells"],
            "by_digits": scores["by_digits"],
            "beside_the_cells": scores["extras"],
        },
        "same_as_pytorch": {
            k: v for k, v in parity.items() if k not in ("file", "bytes", "right", "differences")
        }
        | {"differences": len(parity["differences"])},
        "can": CAN,
        "cannot": CANNOT,
    }


def percent(entry):
    return f"{entry['score'] * 100:.1f}"


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|---" + "|---:" * (len(header) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def score_table(cards):
    rows = []
    for cell, title in CELL_TITLES.items():
        scores = [c["scores"]["cells"] for c in cards]
        rows.append([title] + [f"{percent(s[cell + '/en'])} / {percent(s[cell + '/zh'])}" for s in scores])
    means = [c["scores"]["mean_by_language"] for c in cards]
    rows.append(
        ["**mean** (without the last row above)"]
        + [
            f"**{c['scores']['mean'] * 100:.1f}** ({m['en'] * 100:.1f} / {m['zh'] * 100:.1f})"
            for c, m in zip(cards, means)
        ]
    )
    return table(
        ["exact match, %, English / Chinese"] + [c["size_label"] + " " + c["name"] for c in cards], rows
    )


def digits_table(cards):
    rows = []
    for task, title in (("add", "add"), ("sub", "subtract")):
        for digits in (1, 2, 3, 4):
            keys = [f"{task}_{digits}/{language}" for language in tasks.LANGUAGES]
            first = cards[0]["scores"]["by_digits"]
            pairs = " / ".join(str(first[key]["pairs"]) for key in keys)
            values = [" / ".join(percent(c["scores"]["by_digits"][key]) for key in keys) for c in cards]
            rows.append([f"{title}, {digits}", pairs] + values)
    return table(
        ["digits of the longer number", "distinct held-out pairs"] + [c["name"] for c in cards], rows
    )


def extras_table(cards):
    rows = [
        [title, str(cards[0]["scores"]["beside_the_cells"][key]["n"])]
        + [percent(c["scores"]["beside_the_cells"][key]) for c in cards]
        for key, title in EXTRA_TITLES.items()
    ]
    return table(["probe", "questions"] + [c["name"] for c in cards], rows)


def making_table(cards):
    def row(title, value):
        return [title] + [value(c) for c in cards]

    return table(
        [""] + [c["name"] for c in cards],
        [
            row("parameters", lambda c: f"{c['parameters']:,}"),
            row("width / hidden / layers / heads", lambda c: " / ".join(str(v) for v in c["shape"].values())),
            row("tokens read", lambda c: f"{c['training']['tokens']:,}"),
            row("conversations read", lambda c: f"{c['training']['conversations']:,}"),
            row("steps", lambda c: f"{c['training']['steps']:,}"),
            row("seed", lambda c: str(c["training"]["seed"])),
            row("minutes on one CPU thread", lambda c: f"{c['training']['minutes']:.0f}"),
            row("FLOP, counted", lambda c: f"{c['training']['flop']:.3g}"),
            row("file, bytes (F16)", lambda c: f"{c['file']['bytes']:,}"),
            row(
                "answers like PyTorch's, of 100",
                lambda c: str(c["same_as_pytorch"]["same_answer_from_chat_template"]),
            ),
        ],
    )


def main():
    cards = [card(size) for size in SIZES]
    for made in cards:
        path = MODELS / f"{made['name']}.json"
        path.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", "utf8")
    words = (HERE / "family.md").read_text("utf8")
    tables = {"scores": score_table, "digits": digits_table, "extras": extras_table, "making": making_table}
    for name, make in tables.items():
        words = words.replace("{{" + name + "}}", make(cards))
    questions = max(cell["n"] for cell in cards[0]["scores"]["cells"].values())
    (MODELS / "README.md").write_text(words.replace("{{questions}}", str(questions)), "utf8")
    assert sum(c["file"]["bytes"] for c in cards) <= 25_000_000


if __name__ == "__main__":
    main()
