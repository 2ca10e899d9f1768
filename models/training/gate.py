"""Check that the family's scores rise with size.  Exit status 1 when they do not.

    python gate.py

Holds when, over logs/scores-SIZE.json of small, medium and large,
  1. the mean of the main cells rises from size to size, and so does every task (the average of its two
     languages) in which the larger of two models is below 0.95;
  2. no larger model is more than 0.02 below a smaller one in any cell;
  3. large reaches a mean of 0.93.
Cells of one language that do not rise below 0.95 are listed too.
"""

import json
import sys
from pathlib import Path

import tasks

SIZES = ("small", "medium", "large")
CEILING, SLACK, LARGE_MEAN = 0.95, 0.02, 0.93


def main():
    logs = Path(__file__).parent / "logs"
    scores = {size: json.loads((logs / f"scores-{size}.json").read_text("utf8")) for size in SIZES}
    broken, noted = [], []
    rows = {"mean": [scores[size]["mean"] for size in SIZES]}
    for name, _, _ in tasks.CELLS:
        by_language = [
            [scores[s]["cells"][f"{name}/{lang}"]["score"] for s in SIZES] for lang in tasks.LANGUAGES
        ]
        rows[name] = [sum(pair) / len(pair) for pair in zip(*by_language)]
        rows |= {f"{name}/{lang}": values for lang, values in zip(tasks.LANGUAGES, by_language)}
    for name, values in rows.items():
        print(f"{name:14s}" + "".join(f"{value:8.3f}" for value in values))
        for i, j in ((0, 1), (1, 2), (0, 2)):
            small, large = values[i], values[j]
            if name == "mean" and large <= small or large < small - SLACK:
                broken.append(f"{name}: {SIZES[i]} {small:.3f}, {SIZES[j]} {large:.3f}")
            elif large <= small and large < CEILING:
                finding = f"{name}: {SIZES[i]} {small:.3f}, {SIZES[j]} {large:.3f}"
                (noted if "/" in name else broken).append(finding)
    if rows["mean"][2] < LARGE_MEAN:
        broken.append(f"mean of large {rows['mean'][2]:.3f} is below {LARGE_MEAN}")
    for line in noted:
        print("does not rise in one language:", line)
    for line in broken:
        print("BROKEN:", line)
    print("the gate holds" if not broken else "the gate does not hold")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
