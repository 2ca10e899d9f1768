"""Train one Abacus model on a CPU.

    python train.py small --out runs/small.pt [--millions 7] [--seed 1] [--threads 1]

The run writes its state to --out every few minutes and goes on from there when started again with the same
arguments.  Batches depend only on the seed and the step number, so a run that was cut off and resumed sees
the same questions as one that was not.
"""

import argparse
import json
import random
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

import phrases
import tasks
import tokenizer
from model import SHAPES, Llama

LEARNING_RATE = {"small": 6e-3, "medium": 5e-3, "large": 3e-3}
MILLIONS = {"small": 8.0, "medium": 8.0, "large": 20.0}  # tokens read in the whole run
STEP_TOKENS = 4096
WARM_UP_STEPS = 100
DECAY_SHARE = 0.7  # the rate falls linearly to zero over this last part of the run
POOL_ROWS = 8192  # conversations that are made and sorted by length at a time
MICRO_BATCHES = 3  # each step takes short, middle and long conversations, so that it sees every task
COUNT_FLOP_EVERY = 50  # steps
SAVE_SECONDS = 150
REPORTS = 12  # scores are logged this many times in a run
# bf16 multiplication is twice as fast where the CPU has it and slower where it has not.
BF16 = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()


def conversation(rng, size, weights):
    """Ids and learnt flags of a conversation: 80 % have one turn, others 2 or 3; 15 % a system prompt."""
    turns = 1 if rng.random() < 0.8 else rng.randint(2, 3)
    questions = [tasks.sample(rng, size, weights=weights) for _ in range(turns)]
    system = rng.choice(phrases.SYSTEM_PROMPTS) if rng.random() < 0.15 else None
    return tokenizer.chat([(q.text, q.answer) for q in questions], system)


def pad(rows):
    """Rows of (ids, learnt) -> inputs, targets, learnt, each (rows, longest - 1)."""
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.tensor([ids + [0] * (longest - len(ids)) for ids, _ in rows])
    learnt = torch.tensor([flags + [False] * (longest - len(flags)) for _, flags in rows])
    return ids[:, :-1], ids[:, 1:], learnt[:, 1:]


def pool_of_steps(size, seed, number):
    """All steps of pool `number`, each MICRO_BATCHES lists of rows with about STEP_TOKENS tokens together."""
    rng = random.Random(f"{seed}/{number}")
    weights = tasks.weights_of_pool(size, number)
    rows = sorted((conversation(rng, size, weights) for _ in range(POOL_ROWS)), key=lambda row: len(row[0]))
    all_tokens = sum(len(ids) for ids, _ in rows)
    bins = []
    for part in range(MICRO_BATCHES):
        chosen = rows[part * len(rows) // MICRO_BATCHES : (part + 1) * len(rows) // MICRO_BATCHES]
        each = max(1, round(len(chosen) * STEP_TOKENS / all_tokens))
        groups = [chosen[i : i + each] for i in range(0, len(chosen) - each + 1, each)]
        rng.shuffle(groups)
        bins.append(groups)
    return list(zip(*bins))


def steps(size, seed, pool, place):
    """Endless (pool, place, micro-batches) from a position on."""
    while True:
        made = pool_of_steps(size, seed, pool)
        for at in range(place, len(made)):
            yield pool, at, [pad(rows) for rows in made[at]]
        pool, place = pool + 1, 0


@torch.no_grad()
def exact_matches(model, rows, batch_rows=128) -> list[bool]:
    """For each conversation, whether greedy decoding gives every learnt token.

    Every learnt token's argmax is right, given the right tokens before it, exactly if the greedy answer is.
    """
    order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]))
    right = [False] * len(rows)
    for start in range(0, len(order), batch_rows):
        chosen = order[start : start + batch_rows]
        inputs, targets, learnt = pad([rows[i] for i in chosen])
        best = model(inputs).argmax(-1)
        for i, good in zip(chosen, ((best == targets) | ~learnt).all(1).tolist()):
            right[i] = good
    return right


def score_cells(model, cells) -> dict[str, float]:
    """Exact match of each cell: {"add_4/en": 0.91, ...}."""
    model.eval()
    scores = {}
    for (name, language), questions in cells.items():
        right = exact_matches(model, [tokenizer.chat([(q.text, q.answer)]) for q in questions])
        scores[f"{name}/{language}"] = sum(right) / len(right)
    model.train()
    return scores


def learning_factor(step, seen, total):
    """Warm-up over the first steps, then flat, then linearly to zero at `total` tokens."""
    return min(1.0, (step + 1) / WARM_UP_STEPS) * max(0.0, min(1.0, (1 - seen / total) / DECAY_SHARE))


class Run:
    """A training run: model, two optimizers, and where it stands."""

    def __init__(self, size, seed, total, compiled=False):
        self.size, self.seed, self.total = size, seed, total
        torch.manual_seed(seed)
        self.model = Llama(len(tokenizer.VOCABULARY), **SHAPES[size])
        self.fast_model = torch.compile(self.model, dynamic=True) if compiled else self.model
        matrices = [p for p in self.model.blocks.parameters() if p.dim() == 2]
        self.others = [self.model.embedding.weight] + [p for p in self.model.parameters() if p.dim() == 1]
        rate = LEARNING_RATE[size]
        self.optimizers = [
            torch.optim.Muon(matrices, lr=rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(self.others, lr=rate * 0.6, betas=(0.9, 0.98), weight_decay=0.0),
        ]
        self.base_rates = [o.param_groups[0]["lr"] for o in self.optimizers]
        self.pool = self.place = 0  # next batch
        self.step = self.seen = self.rows = 0
        self.seconds = 0.0
        self.counted = dict(tokens=0, steps=0, passes=0, optimizer=0)  # FLOP of the counted steps
        self.log = []

    def state(self):
        return dict(
            size=self.size,
            seed=self.seed,
            total=self.total,
            shape=SHAPES[self.size],
            vocabulary=len(tokenizer.VOCABULARY),
            model=self.model.state_dict(),
            optimizers=[o.state_dict() for o in self.optimizers],
            pool=self.pool,
            place=self.place,
            step=self.step,
            seen=self.seen,
            rows=self.rows,
            seconds=self.seconds,
            counted=self.counted,
            log=self.log,
        )

    def restore(self, state):
        assert (state["size"], state["seed"]) == (self.size, self.seed), "the file holds another run"
        self.model.load_state_dict(state["model"])
        for optimizer, kept in zip(self.optimizers, state["optimizers"]):
            optimizer.load_state_dict(kept)
        for name in ("pool", "place", "step", "seen", "rows", "seconds", "counted", "log"):
            setattr(self, name, state[name])
        if state["total"] != self.total:
            self.log.append(dict(tokens=self.seen, total_changed=[state["total"], self.total]))

    def loss_and_gradients(self, model, micro_batches) -> float:
        """Add the gradients of one step and return its mean loss.

        Every answer counts by 1 / sqrt(its tokens), so that long answers do not drown short ones.
        """
        weights = [(m.sum(1, keepdim=True).float() ** -0.5).expand(m.shape)[m] for _, _, m in micro_batches]
        weight_sum = sum(w.sum() for w in weights)
        total = 0.0
        for (inputs, targets, learnt), weight in zip(micro_batches, weights):
            with torch.autocast("cpu", torch.bfloat16, enabled=BF16):
                logits = model(inputs, learnt)
            each = F.cross_entropy(logits.float(), targets[learnt], reduction="none")
            loss = (each * weight).sum() / weight_sum
            loss.backward()
            total += loss.item()
        return total

    def update(self):
        torch.nn.utils.clip_grad_norm_(self.others, 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()

    def take_step(self, micro_batches) -> float:
        factor = learning_factor(self.step, self.seen, self.total)
        for optimizer, base in zip(self.optimizers, self.base_rates):
            optimizer.param_groups[0]["lr"] = base * factor
        tokens = sum(inputs.numel() for inputs, _, _ in micro_batches)
        if self.step % COUNT_FLOP_EVERY == 0:
            # The counter does not look into compiled code, so these steps run without it.
            with FlopCounterMode(display=False) as passes:
                loss = self.loss_and_gradients(self.model, micro_batches)
            with FlopCounterMode(display=False) as optimizer:
                self.update()
            self.counted["tokens"] += tokens
            self.counted["steps"] += 1
            self.counted["passes"] += passes.get_total_flops()
            self.counted["optimizer"] += optimizer.get_total_flops()
        else:
            loss = self.loss_and_gradients(self.fast_model, micro_batches)
            self.update()
        self.step += 1
        self.seen += tokens
        self.rows += sum(len(inputs) for inputs, _, _ in micro_batches)
        return loss

    def flop(self) -> float:
        """FLOP so far: the counted steps' average per token (passes) and per step (optimizer), scaled up."""
        c = self.counted
        return c["passes"] / c["tokens"] * self.seen + c["optimizer"] / c["steps"] * self.step


def report(run, loss, scores):
    names = [name for name, _, _ in tasks.CELLS]
    mean = sum(scores.values()) / len(scores)
    run.log.append(
        dict(
            minutes=round(run.seconds / 60, 2),
            step=run.step,
            tokens=run.seen,
            rows=run.rows,
            loss=round(loss, 5),
            flop=run.flop(),
            mean=round(mean, 4),
            scores={k: round(v, 4) for k, v in scores.items()},
        )
    )
    print(
        f"{run.seconds / 60:6.1f} min {run.step} steps {run.seen / 1e6:.2f} M tokens "
        f"{run.flop() / 1e12:.1f} TFLOP {run.seen / run.seconds:.0f} tokens/s "
        f"loss {loss:.4f} mean {mean:.3f} | "
        + " ".join(f"{n} {scores[n + '/en']:.2f}/{scores[n + '/zh']:.2f}" for n in names),
        flush=True,
    )


def save(run, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(run.state(), partial)
    partial.replace(path)
    path.with_suffix(".json").write_text(json.dumps(run.log, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("size", choices=SHAPES)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--millions", type=float, help="tokens of the whole run, in millions")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--compile", action="store_true", help="a fifth faster; needs a C++ compiler")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    total = (options.millions or MILLIONS[options.size]) * 1e6
    run = Run(options.size, options.seed, total, options.compile)
    if options.out.exists():
        run.restore(torch.load(options.out, weights_only=False))
    print(
        f"{options.size} seed {options.seed}: {sum(p.numel() for p in run.model.parameters())} parameters, "
        f"{total / 1e6:g} M tokens, {options.threads} threads, bf16 {BF16}, task weights "
        f"{tasks.TASK_WEIGHTS[options.size]}, from {run.seen} tokens on",
        flush=True,
    )
    # Scores during training use their own small sample; the published ones come from evaluate.py.
    cells = tasks.all_cells(options.size, 40, seed="training")
    losses, saved = [], time.time()
    next_report = (int(run.seen / total * REPORTS) + 1) * total / REPORTS
    for pool, place, micro_batches in steps(options.size, options.seed, run.pool, run.place):
        started = time.time()
        losses.append(run.take_step(micro_batches))
        run.pool, run.place = pool, place + 1
        run.seconds += time.time() - started
        if run.step in (100, 300):
            print(f"{run.step} steps: {run.seen / run.seconds:.0f} tokens/s on average", flush=True)
        if run.seen >= next_report:
            report(run, sum(losses) / len(losses), score_cells(run.model, cells))
            losses = []
            next_report += total / REPORTS
        if time.time() - saved > SAVE_SECONDS or run.seen >= total:
            save(run, options.out)
            saved = time.time()
        if run.seen >= total:
            break


if __name__ == "__main__":
    main()
