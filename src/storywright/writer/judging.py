"""The story score tried on stories that it was not trained on, and on flawed copies. Knows nothing about steps."""

from dataclasses import dataclass

import numpy as np
import torch

from storywright.critic import story_score
from storywright.writer import flaws
from storywright.writer.material import Material, truth_of, without_brief
from storywright.writer.network import WriterModel

_AT_ONCE = 32
_SEED = 1


@dataclass(frozen=True, slots=True)
class Judged:
    """The logits of whole stories, and of those that have a flaw."""

    stories: list[int]
    """Number of each whole story."""
    whole: np.ndarray
    flawed: dict[str, np.ndarray]
    """By kind of flaw."""

    def everything(self) -> tuple[np.ndarray, np.ndarray]:
        """All logits, and 1 where the story is whole."""
        flawed = np.concatenate([np.zeros(0), *self.flawed.values()])
        return np.concatenate([self.whole, flawed]), np.concatenate([np.ones(len(self.whole)), np.zeros(len(flawed))])

    def auc(self) -> dict[str, float]:
        """For each kind of flaw, how often a whole story scores higher than one with it."""
        found = {}
        for kind, logits in self.flawed.items():
            if len(logits) and len(self.whole):
                target = np.concatenate([np.ones(len(self.whole)), np.zeros(len(logits))])
                found[kind] = story_score.auc(np.concatenate([self.whole, logits]), target)
        return found


@torch.no_grad()
def judged(network: WriterModel, stories: Material, most: int) -> Judged:
    """Score stories and a copy of each with each kind of flaw; what chance there is, is always the same."""
    generator, numbers = torch.Generator().manual_seed(_SEED), np.arange(min(most, len(stories)))
    whole: list[np.ndarray] = [np.zeros(0)]
    # Without pictures a broken look cannot be seen.
    kinds = flaws.FLAWS if network.config.fusion != "none" else flaws.FLAWS[:-1]
    flawed: dict[str, list[np.ndarray]] = {kind: [np.zeros(0)] for kind in kinds}
    for some in np.array_split(numbers, max(1, len(numbers) // _AT_ONCE)) if len(numbers) > 1 else []:
        batch = stories.batch(some)
        shown, truth = without_brief(batch, network.config.pad_id), truth_of(batch)
        whole.append(network.judge(shown).story.numpy())
        for number, kind in enumerate(kinds):
            each = torch.full((len(some),), number)
            _, copies = flaws.flawed_copies(network, shown, truth, each, generator)
            flawed[kind].append(copies.judged(network).story.numpy())
    return Judged(numbers.tolist(), np.concatenate(whole), {k: np.concatenate(v) for k, v in flawed.items()})


def calibrate(network: WriterModel, found: Judged) -> float:
    """Fit the score's scale and bias on one half of what was judged; the calibration error on the other half."""
    logits, whole = found.everything()
    half = np.arange(len(whole)) % 2 == 0
    for part in (half, ~half):
        if not 0 < whole[part].sum() < part.sum():
            return float("nan")
    scale, bias = story_score.calibration(logits[half], whole[half])
    network.config.score_scale, network.config.score_bias = scale, bias
    return story_score.calibration_error(story_score.probabilities(logits[~half], scale, bias), whole[~half])
