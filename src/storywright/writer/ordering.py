"""Compares a story with the same panels in other orders, by the writer's judge.

Few panels are tried in all their orders, many in some that chance chooses, always the same ones. Knows nothing about
where the story comes from.
"""

import itertools
import random

import torch

from storywright.errors import BadInput
from storywright.writer.network import Stories, WriterModel
from storywright.writer.proposals import Ordered

FEWEST_PANELS = 3
"""Two panels have one other order, which says next to nothing."""
_MOST_ORDERS = 40


def parts(num_panels: int, longest: int) -> list[tuple[int, int]]:
    """Where to divide a story that is longer than the judge reads: into as few parts as will do, about as long."""
    if num_panels < FEWEST_PANELS:
        raise BadInput(f"A story is judged by the order of at least {FEWEST_PANELS} panels, and it has {num_panels}.")
    count = -(-num_panels // longest)
    ends = [round(num_panels * number / count) for number in range(count + 1)]
    return list(itertools.pairwise(ends))


@torch.inference_mode()
def compared(network: WriterModel, story: Stories) -> Ordered:
    """A single story of real panels beside its other orders; each picture is read once."""
    num_panels = story.there.shape[1]
    orders = torch.tensor([list(range(num_panels)), *_others(num_panels)])
    pictures = story.pictures
    if network.config.fusion != "none":
        pictures = network.shown(story.pictures, story.seen)
    count = len(orders)
    found = network.judge(
        Stories(
            story.words[0, orders],
            pictures[0, orders],
            story.seen[0, orders],
            story.there[0, orders],
            story.brief.expand(count, -1),
            story.language.expand(count),
        )
    )
    better = (found.story[1:] < found.story[0]).float().mean()
    return Ordered(float(better), found.panels[0].sigmoid().tolist())


def _others(num_panels: int) -> list[tuple[int, ...]]:
    """Different orders, none of them the story's own."""
    own = tuple(range(num_panels))
    if num_panels <= 4:
        return [order for order in itertools.permutations(own) if order != own]
    chance, found = random.Random(num_panels), set[tuple[int, ...]]()
    while len(found) < _MOST_ORDERS:
        order = tuple(chance.sample(own, num_panels))
        if order != own:
            found.add(order)
    return sorted(found)
