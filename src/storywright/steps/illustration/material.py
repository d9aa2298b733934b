"""What the illustrator's networks learn from: rows of a corpus by size, and their encodings, made once.

Knows nothing about networks' training.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from storywright import files
from storywright.corpus.reading import Panels
from storywright.critic import encoder
from storywright.errors import BadInput
from storywright.illustrator import autoencoder, denoiser, draft, reference
from storywright.toonworld.attributes import looks_of, sight
from storywright.toonworld.drawing import masks
from storywright.toonworld.scene import Scene
from storywright.toonworld.words import MAX_TOKENS, num_tokens, prompt, scene_from_json
from storywright.training.cache import encoded

Size = tuple[int, int]
"""Width and height, in pixels."""
Parts = dict[str, Any]
"""A pipeline's networks by name."""


class Chosen:
    """Some rows of a split."""

    def __init__(self, panels: Panels, rows: np.ndarray) -> None:
        self._panels, self._rows = panels, rows
        self.digest = files.digest_of([panels.digest, panels.size, rows.tolist()])

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self, indices: Any, columns: Any) -> dict[str, Any]:
        """The named columns of these rows."""
        return self._panels.rows(self._rows[np.asarray(indices)], columns)


@dataclass(frozen=True, slots=True)
class Shown:
    """What is learnt from: the same rows once all in the native size, and once each in the size that fits it."""

    whole: Chosen
    by_size: dict[Size, Chosen]


def shown(corpus: Path, split: str, sizes: Sequence[Size], most: int) -> Shown:
    """At most so many rows of a split, 0 for all, spread evenly over it; the first size is the native one."""
    opened = {size: Panels(corpus, split, size=size) for size in sizes}
    panels = opened[sizes[0]]
    if not len(panels):
        raise BadInput(
            f"{corpus} has no panels to {'validate' if split == 'validation' else split} on: make a larger one."
        )
    rows = np.linspace(0, len(panels) - 1, min(most or len(panels), len(panels))).astype(int)
    aspects = np.log([width / height for width, height in sizes])
    own = np.log(panels.sizes[rows, 0] / panels.sizes[rows, 1])
    nearest = np.abs(own[:, None] - aspects).argmin(1)
    by_size = {size: Chosen(opened[size], rows[nearest == number]) for number, size in enumerate(sizes)}
    return Shown(Chosen(panels, rows), {size: chosen for size, chosen in by_size.items() if len(chosen)})


@dataclass(frozen=True, slots=True)
class Encoded:
    """Latents, states and figures of the pictures by size, and the seeds by which they were staged."""

    train: list[denoiser.Material]
    held_out: list[denoiser.Material]
    train_seeds: list[list[int]]
    held_out_seeds: list[list[int]]
    digest: str

    @property
    def stagings(self) -> list[int]:
        """The stagings that there are to learn."""
        return sorted({seed % draft.STAGINGS for seeds in self.train_seeds for seed in seeds})


def encoded_once(
    parts: Parts, train: Shown, held_out: Shown, work: Path, *, reference_share: float, figures: bool
) -> Encoded:
    """Encode what is not encoded yet. `reference_share` of the people have their looks left to a reference picture."""

    def materials(one: Shown, split: str) -> list[denoiser.Material]:
        place = work / split
        return [_material(parts, rows, size, place, reference_share, figures) for size, rows in one.by_size.items()]

    def seeds(one: Shown) -> list[list[int]]:
        return [
            [scene_from_json(text).seed if text else 0 for text in scenes_of(rows)] for rows in one.by_size.values()
        ]

    digests = [rows.digest for one in (train, held_out) for rows in one.by_size.values()]
    return Encoded(
        train=materials(train, "train"),
        held_out=materials(held_out, "validation"),
        train_seeds=seeds(train),
        held_out_seeds=seeds(held_out),
        digest=files.digest_of([*digests, reference_share]),
    )


def _material(
    parts: Parts, rows: Chosen, size: Size, work: Path, reference_share: float, figures: bool
) -> denoiser.Material:
    place = work / "x".join(map(str, size))
    seen = rows.rows(range(len(rows)), ["prompt", "caption"])
    prompts = [words or caption for words, caption in zip(seen["prompt"], seen["caption"], strict=True)]
    known = reference.is_known_to(parts["tokenizer"])
    looks = _leave_looks(prompts, scenes_of(rows), reference_share) if known else {}
    return denoiser.Material(
        autoencoder.cached_latents(parts["vae"], rows, place / "latents.npy", size=size),
        denoiser.cached_states(parts["text_encoder"], parts["tokenizer"], prompts, place / "states.npy", looks=looks),
        _figures(rows, size, place / "figures.npy") if figures else None,
    )


def _leave_looks(prompts: list[str], scenes: list[str], share: float) -> dict[int, str]:
    """Take the first person's looks out of some of the prompts, and say what a reference picture would show instead."""
    taken = {}
    for number, text in enumerate(scenes):
        chance = Random(f"reference {number}")
        if not text or chance.random() >= share:
            continue
        scene = scene_from_json(text)
        words = prompt(scene, by_reference=(0,))
        if 0 in sight(scene).people and num_tokens(words) + reference.NUM_TOKENS <= MAX_TOKENS:
            prompts[number] = words
            taken[number] = reference.partly(reference.looks(scene.people[0]), chance)
    return taken


def looks_seen(scene: Scene) -> str:
    """What its picture shows of the only person's looks."""
    (index,) = sight(scene).people
    person = scene.people[index]
    return reference.looks(person, list(looks_of(person, sight(scene).parts)))


def scenes_of(rows: encoder.Rows) -> list[str]:
    """The scene of each row as JSON; empty where it was not drawn."""
    found: list[str] = rows.rows(range(len(rows)), ["scene"])["scene"]
    return found


def _figures(rows: encoder.Rows, size: Size, file: Path) -> np.ndarray:
    """Where people and things are, for pictures whose scene is known; nowhere for the others."""
    width, height = size
    scenes = scenes_of(rows)

    def seen(text: str) -> np.ndarray:
        return masks(scene_from_json(text), size) if text else np.zeros((height, width), np.uint8)

    return encoded(
        file,
        lambda indices: denoiser.covered(np.stack([seen(scenes[index]) for index in indices])),
        count=len(rows),
        shape=(-(-height // autoencoder.FACTOR), -(-width // autoencoder.FACTOR)),
        dtype=np.float16,
        digest=files.digest_of([rows.digest, size]),
        doing="looking for people and things",
    )
