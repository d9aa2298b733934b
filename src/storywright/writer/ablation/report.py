"""The comparison for people: one table with intervals, the learning curves in one picture, captions side by side.

Knows nothing about how the runs were made.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from storywright import files
from storywright.writer.ablation.hardstories import HardStories
from storywright.writer.ablation.plan import BASE, Plan
from storywright.writer.ablation.runs import Outcome

Floats = NDArray[np.floating]
SCORES = ("bleu_4", "cider_d", "rouge_l", "loss")
_NAMES = {"bleu_4": "BLEU-4", "cider_d": "CIDEr-D", "rouge_l": "ROUGE-L", "loss": "loss of a piece"}
_TIMES = {"bleu_4": 100.0, "cider_d": 100.0, "rouge_l": 100.0, "loss": 1.0}
_QUANTILES = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""Student's t at 97.5 % for 1 to 10 degrees of freedom."""
_RESAMPLES = 2_000
_TALES = """\
The stories are drawn and told by `storywright.writer.ablation.tales`. In each picture stand three people with different
clothes, hair and things in hand, at changing places, and every caption asks for something that the next one tells and
only a picture has shown. Whoever does not look must guess, and whoever looks must know at whom: two of the three people
are always distractors. Half of the questions say where in the picture the person stands; for the others one has to
remember who is who, which only the first caption says, from left to right. What is asked next cannot be known by
anybody, so that no writer comes near 100. Each story is told in {wordings} wordings, all of them references. All
configurations see the same regions of the pictures, from eyes that learn no more; captions are foretold greedily,
without a brief."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and where it lies with 95 %."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.2f} [{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True, slots=True)
class Row:
    """One configuration over its seeds."""

    variant: str
    parameters: int
    width: int
    scores: dict[str, Interval]
    behind: dict[str, Interval]
    """The base's score less its own, seed by seed (Student's t)."""
    behind_by_story: Interval
    """The same of CIDEr-D, stories drawn again and again (bootstrap) with the seeds' mean."""


def write(plan: Plan, outcomes: Sequence[Outcome], stories: HardStories, folder: Path) -> list[Row]:
    """Write everything and return the table's rows."""
    rows = rows_of(outcomes, stories)
    files.write_text(folder / "table.csv", _csv(rows))
    files.write_text(folder / "examples.md", _examples(outcomes, stories))
    _curves(outcomes, folder / "curves.png")
    files.write_text(folder / "README.md", _page(plan, rows, outcomes))
    return rows


def complete(plan: Plan, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Those of configurations that have a run from every seed."""
    seeds = {name: {one.seed for one in outcomes if one.variant == name} for name in {one.variant for one in outcomes}}
    return [one for one in outcomes if seeds[one.variant] >= set(plan.seeds)]


def rows_of(outcomes: Sequence[Outcome], stories: HardStories) -> list[Row]:
    """A row for each configuration, in the order of their first runs."""
    by_name: dict[str, list[Outcome]] = {}
    for one in outcomes:
        by_name.setdefault(one.variant, []).append(one)
    base = {one.seed: one for one in by_name[BASE]}
    lengths = [len(one) - 1 for one in stories.told["test"].stories]
    return [_row(name, ones, base, lengths) for name, ones in by_name.items()]


def over_seeds(values: Sequence[float]) -> Interval:
    """The mean of a few values, and Student's interval around it."""
    array = np.asarray(values, np.float64)
    if len(array) < 2:
        return Interval(float(array.mean()), float("nan"), float("nan"))
    quantile = _QUANTILES[len(array) - 2] if len(array) - 2 < len(_QUANTILES) else 1.96
    half = quantile * float(array.std(ddof=1)) / len(array) ** 0.5
    return Interval(float(array.mean()), float(array.mean()) - half, float(array.mean()) + half)


def over_stories(differences: Floats, lengths: Sequence[int], seed: int = 0) -> Interval:
    """The mean of differences between captions, and the interval from drawing whole stories again and again."""
    story = np.repeat(np.arange(len(lengths)), lengths)
    sums, counts = np.bincount(story, differences), np.bincount(story)
    drawn = np.random.default_rng(seed).integers(0, len(lengths), (_RESAMPLES, len(lengths)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(differences.mean()), float(low), float(high))


def _row(name: str, ones: Sequence[Outcome], base: dict[int, Outcome], lengths: Sequence[int]) -> Row:
    scores = {score: over_seeds([_TIMES[score] * one.scores[score] for one in ones]) for score in SCORES}
    pairs = [(base[one.seed], one) for one in ones if one.seed in base]
    behind = {
        score: over_seeds([_TIMES[score] * (a.scores[score] - b.scores[score]) for a, b in pairs]) for score in SCORES
    }
    items = [np.subtract(a.items["cider_d"], b.items["cider_d"]) for a, b in pairs]
    by_story = over_stories(100 * np.mean(items, axis=0), lengths)
    return Row(name, ones[0].parameters, ones[0].width, scores, behind, by_story)


def _csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    ends = ("", "_low", "_high")
    behind = [f"behind_{score}{end}" for score in (*SCORES, "cider_d_by_story") for end in ends]
    table.writerow(["variant", "parameters", "width", *(f"{s}{end}" for s in SCORES for end in ends), *behind])
    for row in rows:
        found = [*row.scores.values(), *row.behind.values(), row.behind_by_story]
        table.writerow(
            [row.variant, row.parameters, row.width]
            + [f"{value:.4f}" for one in found for value in (one.mean, one.low, one.high)]
        )
    return text.getvalue()


def _page(plan: Plan, rows: Sequence[Row], outcomes: Sequence[Outcome]) -> str:
    seeds = ", ".join(map(str, plan.seeds))
    lines = [
        "# Which writer writes better",
        "",
        f"Made by `storywright ablate`: {len(outcomes)} runs of {plan.steps} steps with {plan.batch} stories each, "
        f"about {plan.parameters:,} parameters (±5 %), seeds {seeds}, {plan.train_stories:,} stories to learn from "
        f"and {plan.test_stories:,} others to foretell. Scores times 100; in brackets 95 % over seeds (Student's t).",
        *_unfinished(plan, rows),
        "",
        _TALES.format(wordings=plan.wordings),
        "",
        "| | parameters | BLEU-4 | CIDEr-D | ROUGE-L | loss of a piece |",
        "|---|---|---|---|---|---|",
        *(
            f"| {row.variant} | {row.parameters:,} | " + " | ".join(str(row.scores[score]) for score in SCORES) + " |"
            for row in rows
        ),
        "",
        f"How far each is behind {BASE}, seed by seed; in the last column over stories drawn again and again instead:",
        "",
        "| | BLEU-4 | CIDEr-D | CIDEr-D, by story | CIDEr-D, relative |",
        "|---|---|---|---|---|",
        *(_behind(row, rows) for row in rows if row.variant != BASE),
        "",
        *_verdict(rows),
        "",
        "![learning curves](curves.png)",
        "",
        "[Captions side by side](examples.md)",
        "",
    ]
    return "\n".join(lines)


def _unfinished(plan: Plan, rows: Sequence[Row]) -> list[str]:
    there = {row.variant for row in rows}
    missing = [variant.name for variant in plan.variants() if variant.name not in there]
    return ["", f"Not made yet (call the command again): {', '.join(missing)}."] if missing else []


def _behind(row: Row, rows: Sequence[Row]) -> str:
    base = next(one for one in rows if one.variant == BASE).scores["cider_d"].mean
    relative = base / max(row.scores["cider_d"].mean, 1e-9) - 1
    behind = f"{row.behind['bleu_4']} | {row.behind['cider_d']} | {row.behind_by_story}"
    return f"| {row.variant} | {behind} | {relative:+.0%} |"


def _verdict(rows: Sequence[Row]) -> list[str]:
    """What of the claims about CMAR is true of these figures."""
    by_name = {row.variant: row for row in rows}
    base, said = by_name[BASE], []
    if text := by_name.get("text only"):
        relative = base.scores["cider_d"].mean / max(text.scores["cider_d"].mean, 1e-9) - 1
        points = text.behind["bleu_4"].mean
        met = "met" if relative >= 0.3 and points >= 4 else "not met"
        said.append(
            f"- Against text only: {relative:+.0%} CIDEr-D and {points:+.1f} BLEU-4 points "
            f"(asked: at least +30 % and +4): {met}."
        )
    for name in ("concatenation", "cross-attention"):
        if row := by_name.get(name):
            clear = row.behind["cider_d"].low > 0
            said.append(
                f"- Against {name}: {row.behind['cider_d']} CIDEr-D; the interval over seeds "
                f"{'excludes' if clear else 'does not exclude'} zero."
            )
    return said


def _examples(outcomes: Sequence[Outcome], stories: HardStories, most: int = 8) -> str:
    """Captions of the first seed of each configuration, where the base gained most and where it lost most."""
    first = {one.variant: one for one in reversed(outcomes)}
    test = stories.told["test"]
    rows = [row for one in test.stories for row in one[1:]]
    others = [one for name, one in first.items() if name != BASE]
    gain = np.array(first[BASE].items["cider_d"]) - np.mean([one.items["cider_d"] for one in others], axis=0)
    order = np.argsort(-gain)
    lines = [
        "# Captions side by side",
        "",
        f"Held-out panels where {BASE} gained most over the others, then lost most.",
        "",
    ]
    for number in [*order[: most // 2].tolist(), *order[::-1][: most // 2].tolist()]:
        row = rows[number]
        start = next(one[0] for one in test.stories if row in one)
        lines += [f"## Story {row}", "", *(f"> {test.columns['caption'][at]}" for at in range(start, row)), ""]
        lines += [f"- told: {test.columns['caption'][row]}"]
        lines += [f"- {name}: {one.captions[number]}" for name, one in sorted(first.items())]
        lines.append("")
    return "\n".join(lines)


def _curves(outcomes: Sequence[Outcome], file: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    names = list(dict.fromkeys(one.variant for one in outcomes))
    figure, axes = plt.subplots(1, 2, figsize=(12, 4.6), sharey=True, layout="constrained")
    fusions = [name for name in names if not name.startswith(f"{BASE} ") and not name.startswith(f"{BASE},")]
    for axis, shown, title in (
        (axes[0], fusions, "How words and pictures meet"),
        (axes[1], [BASE, *(name for name in names if name not in fusions)], f"{BASE} in other configurations"),
    ):
        for name in shown:
            curves = [_validated(one) for one in outcomes if one.variant == name]
            steps, losses = curves[0][0], np.stack([losses for _, losses in curves])
            (line,) = axis.plot(steps, losses.mean(0), label=name, linewidth=1.6)
            axis.fill_between(steps, losses.min(0), losses.max(0), color=line.get_color(), alpha=0.15, linewidth=0)
        axis.set(title=title, xlabel="steps", ylabel="loss of a held-out piece" if axis is axes[0] else "")
        axis.grid(alpha=0.25)
        axis.legend(frameon=False, fontsize=8)
    for kind in ("top", "right"):
        for axis in axes:
            axis.spines[kind].set_visible(False)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110, metadata={"Software": None})
    plt.close(figure)


def _validated(outcome: Outcome) -> tuple[list[float], Floats]:
    rows = [(row["step"], row["validation_loss"]) for row in outcome.curve if "validation_loss" in row]
    last = (max(row["step"] for row in outcome.curve), outcome.scores["loss"])
    steps, losses = zip(*[*rows, last], strict=True)
    return list(steps), np.asarray(losses)
