"""What the writer foretells of test stories, and how well it tells whole stories from flawed ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storywright.critic import metrics, story_score
from storywright.critic.metrics.bleu import bleu_counts, bleu_of
from storywright.critic.metrics.ptb import ptb_tokens
from storywright.progress import track
from storywright.steps.evaluation.costs import Meter
from storywright.steps.evaluation.scores import Bootstrap, Floats, Interval, Scores
from storywright.writer.cases import Case
from storywright.writer.judging import Judged
from storywright.writer.model import Writer


@dataclass(frozen=True, slots=True)
class Written:
    """Cases and the captions that were foretold for them."""

    cases: list[Case]
    captions: list[str]
    meter: Meter


def write(writers: Sequence[Writer], held_out: Sequence[Case], seed: int) -> list[Written]:
    """Foretell each case with each writer, in turns; nothing of a brief is given away."""
    made = [Written(list(held_out), [], Meter()) for _ in writers]
    for number, case in enumerate(track(held_out, "foretelling test panels")):
        for writer, written in zip(writers, made, strict=True):
            with written.meter.one():
                proposals = writer.propose(case.story, language=case.language, count=1, seed=seed + number)
            written.captions.append(proposals[0].caption if proposals else "")
    return made


def measure(written: Written, scores: Scores, bootstrap: Bootstrap) -> dict[str, Interval | float]:
    """BLEU, CIDEr-D, ROUGE-L and variety of the captions."""
    counts = compared(written, scores)
    figures: dict[str, Interval | float] = {
        "cider_d": bootstrap.mean("cider_d", scores.values("cider_d")),
        "rouge_l": bootstrap.mean("rouge_l", scores.values("rouge_l")),
        "distinct_2": metrics.distinct([ptb_tokens(caption) for caption in written.captions], 2),
    }
    for n in range(4):
        figures[f"bleu_{n + 1}"] = bootstrap.of(f"bleu_{n + 1}", len(written.cases), _bleu(counts, n))
    return figures


def compared(written: Written, scores: Scores) -> NDArray[np.float64]:
    """The scores of single captions; returns what BLEU counts in each."""
    hyps = [ptb_tokens(caption) for caption in written.captions]
    refs = [[ptb_tokens(case.told)] for case in written.cases]
    names = [case.name for case in written.cases]
    counts = bleu_counts(hyps, refs)
    scores.add("cider_d", names, metrics.cider_d(hyps, refs).items)
    scores.add("rouge_l", names, metrics.rouge_l(hyps, refs).items)
    scores.add("bleu_4", names, bleu_of(counts)[:, 3])
    return counts


def _bleu(counts: Floats, n: int) -> Callable[[NDArray[np.int64]], Floats]:
    """BLEU of a set is no mean of BLEUs: what is resampled are the counts."""
    return lambda rows: bleu_of(counts[rows].sum(1))[:, n]


def judge(
    found: Judged, scale: float, bias: float, scores: Scores, bootstrap: Bootstrap
) -> dict[str, Interval | float]:
    """How often flawed stories are found out, by kind of flaw, and how far the probabilities can be believed."""
    logits, whole = found.everything()
    if not 0 < whole.sum() < len(whole):
        return {}
    scores.add(
        "story_score", [f"story {n}" for n in found.stories], story_score.probabilities(found.whole, scale, bias)
    )
    chance = story_score.probabilities(logits, scale, bias)
    figures: dict[str, Interval | float] = {
        "story_score": bootstrap.mean("story_score", scores.values("story_score")),
        "story_calibration_error": story_score.calibration_error(chance, whole),
    }
    for kind, flawed in found.flawed.items():
        if len(flawed):
            figures[f"auc_{kind.replace(' ', '_')}"] = _auc(kind, found.whole, flawed, bootstrap)
    return figures


def _auc(kind: str, whole: Floats, flawed: Floats, bootstrap: Bootstrap) -> Interval:
    """The interval of the area under the curve, whole and flawed stories resampled together."""
    logits = np.concatenate([whole, flawed])
    target = np.concatenate([np.ones(len(whole)), np.zeros(len(flawed))])

    def figure(rows: np.ndarray) -> Floats:
        values = []
        for row in rows:
            both = 0 < target[row].sum() < len(row)
            values.append(story_score.auc(logits[row], target[row]) if both else 0.5)
        return np.array(values)

    return bootstrap.of(f"auc {kind}", len(logits), figure)
