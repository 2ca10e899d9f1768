"""Held-out questions with PyTorch's greedy answers, for parity.mjs to ask llama.cpp.

python parity_questions.py runs/small.pt questions.json [--questions 100]
"""

import argparse
import json
import random
from pathlib import Path

import torch

import tasks
import tokenizer
from evaluate import rounded_model

LONGEST_ANSWER = 64  # tokens


@torch.no_grad()
def greedy(model, ids):
    """Answer token by token; also the smallest lead, in logits, of a chosen token over the second best."""
    answer, closest = [], float("inf")
    while len(answer) < LONGEST_ANSWER:
        logits = model(torch.tensor([ids + answer]))[0, -1]
        best, second = logits.topk(2).values.tolist()
        closest = min(closest, best - second)
        token = int(logits.argmax())
        if token == tokenizer.END:
            break
        answer.append(token)
    return tokenizer.decode(answer), closest


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--questions", type=int, default=100)
    options = parser.parse_args()
    torch.set_num_threads(1)
    checkpoint = torch.load(options.checkpoint, weights_only=False)
    model, rng, asked = rounded_model(checkpoint), random.Random("parity"), []
    for number in range(options.questions):
        task = tasks.TASKS[number % len(tasks.TASKS)]
        language = tasks.LANGUAGES[number // len(tasks.TASKS) % 2]
        question = tasks.sample(rng, checkpoint["size"], task, language, held_out=True)
        ids = tokenizer.prompt(question.text)
        answer, lead = greedy(model, ids)
        asked.append(
            dict(
                task=task,
                question=question.text,
                right=question.answer,
                answer=answer,
                prompt=ids,
                lead=round(lead, 4),
            )
        )
    options.out.write_text(json.dumps(asked, ensure_ascii=False, indent=1) + "\n", "utf8")
    print(sum(a["answer"] == a["right"] for a in asked), "of", len(asked), "right")


if __name__ == "__main__":
    main()
