"""CIDEr-D, BLEU and ROUGE-L side by side with pycocoevalcap, on the same tokens.

    pip install --no-deps pycocoevalcap && python benchmarks/bench_metrics.py

5,000 captions with 5 references each, their words drawn as words fall in real captions. Both are given sentences as
text and take turns; what is compared is CPU time on one thread, the median of paired ratios. With --captions FILE
(`example_1.ptb.json` of aac-metrics: `candidates` and `references` by key) it also checks agreement on real captions.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge

from storywright.critic.metrics import bleu, cider_d, rouge_l

Items = np.ndarray
Texts = dict[int, list[str]]


def main() -> None:
    """Compare on made-up captions, and on real ones where they are given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captions", type=Path, help="real captions to check agreement on")
    parser.add_argument("--count", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    print(f"{args.count:,} captions with 5 references each")
    compare(*made_up(args.count), args.rounds)
    if args.captions:
        data = json.loads(args.captions.read_text())
        keys = list(data["candidates"])
        print(f"\n{len(keys):,} captions of {args.captions.name}")
        texts = ({n: data[part][key] for n, key in enumerate(keys)} for part in ("candidates", "references"))
        compare(*texts, args.rounds)


def compare(told: Texts, refs: Texts, rounds: int) -> None:
    """Print the table of one set of captions."""
    print(f"{'':8} {'reference':>12} {'storywright':>12} {'faster':>8} {'largest difference':>20}")
    for name, (theirs, ours) in MEASURES.items():
        taken, ratios, apart = [], [], 0.0
        for _ in range(rounds):
            reference, reference_seconds = timed(theirs, told, refs)
            own, seconds = timed(ours, told, refs)
            taken.append((reference_seconds, seconds))
            ratios.append(reference_seconds / seconds)
            apart = max(apart, float(np.abs(reference - own).max()))
        slow, fast = (statistics.median(column) for column in zip(*taken, strict=True))
        print(f"{name:8} {slow:10.3f} s {fast:10.3f} s {statistics.median(ratios):7.1f}x {apart:20.1e}")


def timed(measure: Callable[[Texts, Texts], Items], told: Texts, refs: Texts) -> tuple[Items, float]:
    """The scores of the items and the CPU seconds they took."""
    started = time.process_time()
    scores = measure(told, refs)
    return scores, time.process_time() - started


def made_up(count: int) -> tuple[Texts, Texts]:
    """Captions of 5 to 16 words over 3,000, as frequent as words are (Zipf); references share half of their words."""
    rng = np.random.default_rng(0)
    chance = 1 / np.arange(1, 3_001)
    chance /= chance.sum()

    def sentence(topic: np.ndarray) -> str:
        words = rng.choice(3_000, rng.integers(5, 17), p=chance)
        kept = rng.random(len(words)) < 0.5
        return " ".join(f"w{t if k else w}" for w, t, k in zip(words, np.resize(topic, len(words)), kept, strict=True))

    topics = [rng.choice(3_000, 10, p=chance) for _ in range(count)]
    told = {n: [sentence(topic)] for n, topic in enumerate(topics)}
    return told, {n: [sentence(topic) for _ in range(5)] for n, topic in enumerate(topics)}


def split(told: Texts, refs: Texts) -> tuple[list[list[str]], list[list[list[str]]]]:
    """The tokens, as our measures take them."""
    return [told[n][0].split() for n in told], [[ref.split() for ref in refs[n]] for n in told]


MEASURES: dict[str, tuple[Callable[[Texts, Texts], Items], Callable[[Texts, Texts], Items]]] = {
    "CIDEr-D": (
        lambda told, refs: Cider().compute_score(refs, told)[1],
        lambda told, refs: cider_d(*split(told, refs)).items,
    ),
    "BLEU": (
        lambda told, refs: np.array(Bleu(4).compute_score(refs, told, verbose=0)[1]),
        lambda told, refs: np.array([scored.items for scored in bleu(*split(told, refs))]),
    ),
    "ROUGE-L": (
        lambda told, refs: Rouge().compute_score(refs, told)[1],
        lambda told, refs: rouge_l(*split(told, refs)).items,
    ),
}


if __name__ == "__main__":
    main()
