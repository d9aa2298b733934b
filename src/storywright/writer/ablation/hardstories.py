"""Hard stories for the comparison: each is told in several ways, and much that matters is seen and not told.

Drawn once and encoded once, with eyes that learn no more, so that all configurations see the same and differ only in
what they do with it. Knows nothing about writers in training.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import PreTrainedTokenizerFast

from storywright import files
from storywright.corpus import vocabulary
from storywright.critic.encoder import Critic, weights_digest
from storywright.progress import track
from storywright.toonworld import drawing
from storywright.toonworld.grammar import Story, story
from storywright.toonworld.words import prompt
from storywright.training import cache
from storywright.writer import material
from storywright.writer.ablation.plan import Eye, Plan
from storywright.writer.config import WriterConfig
from storywright.writer.material import Material
from storywright.writer.network import WriterModel

SIZE = (192, 108)
_MARKS = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Told:
    """The stories of a split as rows, panel after panel, in the manner of a corpus split."""

    columns: dict[str, list[Any]]
    """Those that a corpus has, of the first wording."""
    retold: list[list[str]]
    """The captions of all rows in the other wordings."""
    stories: list[range]
    digest: str

    def __len__(self) -> int:
        return len(self.columns["caption"])

    def rows(self, indices: Sequence[int], columns: Sequence[str]) -> dict[str, list[Any]]:
        """These columns of these rows."""
        return {name: [self.columns[name][row] for row in indices] for name in columns}

    def references(self, row: int) -> list[str]:
        """Every way in which this panel was told."""
        return [self.columns["caption"][row], *(captions[row] for captions in self.retold)]


class HardStories:
    """The stories of a plan, kept in a folder."""

    def __init__(self, plan: Plan, folder: Path, eyes: WriterModel, critic: Critic) -> None:
        self._plan, self._folder, self._eyes, self._critic = plan, folder, eyes, critic
        folder.mkdir(parents=True, exist_ok=True)
        counts = {"train": plan.train_stories, "test": plan.test_stories}
        self._scenes: dict[str, list[Story]] = {}
        self.told = {split: self._tell(split, count) for split, count in counts.items()}

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerFast:
        """Trained on what is told in the stories that are learnt from."""
        file, train = self._folder / "tokenizer.json", self.told["train"]
        if not file.is_file():
            texts = [caption for row in range(len(train)) for caption in train.references(row)]
            vocabulary.save(vocabulary.trained(lambda: texts, self._plan.vocabulary, 2), file)
        return PreTrainedTokenizerFast(tokenizer_file=str(file), **_MARKS)

    def pictures(self, split: str, eye: Eye) -> np.ndarray:
        """What this eye makes of every picture."""  # (rows, regions, numbers)
        told, network = self.told[split], self._eyes
        rows, columns = network.picture.rows, network.picture.columns
        shape = (rows * columns, network.config.width) if eye == "cnn" else self._critic.region_shape
        return cache.encoded(
            self._folder / f"{split}-{eye}.npy",
            lambda numbers: self._looked(split, eye, numbers),
            count=len(told),
            shape=shape,
            dtype=np.float16,
            digest=f"{told.digest} {self._eye_digest(eye)}",
            doing=f"looking at the {split} pictures ({eye})",
            at_once=_AT_ONCE,
        )

    def digest(self, eye: Eye) -> str:
        """Changes with the stories and with how they are seen."""
        return files.digest_of([*(told.digest for told in self.told.values()), self._eye_digest(eye)])

    def _eye_digest(self, eye: Eye) -> str:
        return weights_digest(self._eyes.picture.look) if eye == "cnn" else self._critic.digest

    def material(self, split: str, shape: WriterConfig, eye: Eye) -> Material:
        """The stories as a writer of this shape learns from them, through this eye."""
        told: Any = self.told[split]
        return Material(told, shape, self.tokenizer, self.pictures(split, eye), retold=told.retold)

    def _looked(self, split: str, eye: Eye, numbers: np.ndarray) -> np.ndarray:
        scenes = [self._panels(split)[number].scene for number in numbers]
        drawn = [drawing.draw(scene, SIZE) for scene in scenes]
        if eye == "critic":
            return self._critic.of_regions(np.stack(drawn)).astype(np.float16)
        small = np.stack([material.scaled(Image.fromarray(picture), self._eyes.config) for picture in drawn])
        with torch.no_grad():
            found: np.ndarray = self._eyes.picture.looked(torch.from_numpy(small)).half().numpy()
        return found

    def _panels(self, split: str) -> list[Any]:
        if split not in self._scenes:
            count = self._plan.train_stories if split == "train" else self._plan.test_stories
            self._scenes[split] = list(self._stories(split, count, wording=1))
        return [panel for one in self._scenes[split] for panel in one.panels]

    def _stories(self, split: str, count: int, wording: int) -> Iterator[Story]:
        seed = self._plan.material_seed + (split == "test")
        return (story(seed, index, self._plan.language, wording=wording) for index in range(count))

    def _tell(self, split: str, count: int) -> Told:
        """Write the stories down, or read what was written down before."""
        plan = self._plan
        key = files.digest_of([plan.material_seed, split, count, plan.language, plan.wordings])
        file = self._folder / f"{split}-{key[:12]}.json"
        if not file.is_file():
            tellings = [list(self._stories(split, count, wording)) for wording in range(1, plan.wordings + 1)]
            files.write_json(file, _as_rows(tellings))
        kept = json.loads(file.read_text(encoding="utf-8"))
        ends = np.cumsum(kept["lengths"]).tolist()
        stories = [range(end - length, end) for end, length in zip(ends, kept["lengths"], strict=True)]
        return Told(kept["columns"], kept["retold"], stories, files.digest_of(kept))


def _as_rows(tellings: list[list[Story]]) -> dict[str, Any]:
    first = tellings[0]
    panels = [panel for one in track(first, "telling hard stories") for panel in one.panels]
    return {
        "lengths": [len(one.panels) for one in first],
        "columns": {
            "caption": [panel.caption for panel in panels],
            "prompt": [prompt(panel.scene) for panel in panels],
            "language": [one.language for one in first for _ in one.panels],
            "tags": [list(panel.tags) for panel in panels],
            "phase": [panel.phase for panel in panels],
        },
        "retold": [[panel.caption for one in telling for panel in one.panels] for telling in tellings[1:]],
    }
