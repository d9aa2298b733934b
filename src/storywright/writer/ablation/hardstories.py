"""The tales of the comparison as a writer learns from them.

Drawn once and encoded once, with eyes that learn no more, so that all configurations see the same and differ only in
what they do with it. Knows nothing about writers in training.
"""

import csv
import io
from collections.abc import Sequence
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
from storywright.training import cache
from storywright.writer.ablation.plan import Eye, Plan
from storywright.writer.ablation.tales import PANELS, Tale, tale
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
        seed, made = plan.material_seed, {"train": plan.train_stories, "test": plan.test_stories}
        self._tales = {
            split: [tale(seed + number, index, plan.wordings) for index in range(count)]
            for number, (split, count) in enumerate(made.items())
        }
        self.told = {split: _as_rows(tales) for split, tales in self._tales.items()}

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerFast:
        """Trained on what is told in the stories that are learnt from."""
        train = self.told["train"]
        file = self._folder / f"tokenizer-{files.digest_of([train.digest, self._plan.vocabulary])[:8]}.json"
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

    def write(self, folder: Path) -> None:
        """The stories as pictures with a `metadata.csv`, which `storywright material stories` and `datasets` read."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["file_name", "caption", "story_id", "order", "language", "style", "split", "licence", "owner"])
        for split, tales in self._tales.items():
            for number, one in enumerate(track(tales, f"writing {split} stories")):
                for panel, (scene, caption) in enumerate(zip(one.scenes, one.tellings[0], strict=True)):
                    name = f"{split}/{number:05d}-{panel}.png"
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    Image.fromarray(drawing.draw(scene, SIZE)).save(folder / name)
                    story_id = f"{split}-{number:05d}"
                    table.writerow([name, caption, story_id, panel, "en", one.style, split, "CC0-1.0", "storywright"])
        files.write_text(folder / "metadata.csv", text.getvalue())

    def _eye_digest(self, eye: Eye) -> str:
        return weights_digest(self._eyes.picture.look) if eye == "cnn" else self._critic.digest

    def material(self, split: str, shape: WriterConfig, eye: Eye) -> Material:
        """The stories as a writer of this shape learns from them, through this eye."""
        told: Any = self.told[split]
        return Material(told, shape, self.tokenizer, self.pictures(split, eye), retold=told.retold)

    def _looked(self, split: str, eye: Eye, numbers: np.ndarray) -> np.ndarray:
        scenes = [scene for one in self._tales[split] for scene in one.scenes]
        if eye == "critic":
            drawn = np.stack([drawing.draw(scenes[number], SIZE) for number in numbers])
            return self._critic.of_regions(drawn).astype(np.float16)
        # The same scene gives the same drawing at any size: this eye looks at small ones.
        size = (self._eyes.config.picture_width, self._eyes.config.picture_height)
        small = np.stack([drawing.draw(scenes[number], size) for number in numbers])
        with torch.no_grad():
            found: np.ndarray = self._eyes.picture.looked(torch.from_numpy(small)).half().numpy()
        return found


def _as_rows(tales: list[Tale]) -> Told:
    """The tales, panel after panel."""
    first, *others = (
        [caption for telling in tellings for caption in telling]
        for tellings in zip(*(one.tellings for one in tales), strict=True)
    )
    columns: dict[str, list[Any]] = {
        "caption": first,
        "prompt": [""] * len(first),
        "language": ["en"] * len(first),
        "tags": [[]] * len(first),
        "phase": [""] * len(first),
    }
    stories = [range(start, start + PANELS) for start in range(0, len(first), PANELS)]
    return Told(columns, others, stories, files.digest_of(list(map(repr, tales))))
