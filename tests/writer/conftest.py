"""A little corpus that needs no drawn world: somebody finds a box whose colour is seen at once and told later."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image, ImageDraw

from storywright.corpus import shards, vocabulary
from storywright.corpus.schema import PANELS

COLOURS = {"red": "красную", "green": "зелёную", "blue": "синюю", "white": "белую"}
NAMES = {"en": ("Mia", "Tom", "Ada", "Leo"), "ru": ("Маша", "Иван", "Вера", "Олег")}
TOLD = {
    "en": ("{n} walks in.", "{n} looks around.", "{n} lifts the {c} box.", "{n} smiles."),
    "ru": ("{n} входит.", "{n} смотрит вокруг.", "{n} берёт {c} коробку.", "{n} улыбается."),
}
PHASES = ("goal", "obstacle", "turn", "end")


def little_story(number: int, random: np.random.Generator) -> list[dict]:
    language = ("en", "ru")[number % 2]
    colour, name = random.choice(list(COLOURS)), random.choice(NAMES[language])
    left = int(random.integers(4, 60))
    rows = []
    for panel, text in enumerate(TOLD[language]):
        picture = Image.new("RGB", (96, 54), (200, 190, 170))
        draw = ImageDraw.Draw(picture)
        draw.ellipse((left, 20 - 4 * panel, left + 8, 28 - 4 * panel), fill=(90, 60, 40))
        if panel < 3:
            draw.rectangle((left + 12, 26, left + 34, 46), fill=colour)
        file = io.BytesIO()
        picture.save(file, "PNG")
        rows.append(
            {
                "story_id": f"little-{number:04d}",
                "panel": panel,
                "panels": len(PHASES),
                "picture": {"bytes": file.getvalue(), "path": None},
                "prompt": f"somebody and a {colour} box" if panel < 3 else "somebody",
                "caption": text.format(n=name, c=colour if language == "en" else COLOURS[colour]),
                "language": language,
                "style": "flat",
                "tags": ["box", "lift" if panel == 2 else "other"],
                "phase": PHASES[panel],
                "scene": "",
                **dict.fromkeys(("source", "licence", "owner", "origin"), "test"),
                "date": "2026-11-20",
            }
        )
    return rows


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("little") / "corpus"
    random = np.random.default_rng(0)
    texts = []
    for split, count in {"train": 96, "validation": 24, "test": 24}.items():
        rows = [row for number in range(count) for row in little_story(number, random)]
        texts += [row["caption"] for row in rows] + [row["prompt"] for row in rows]
        (folder / split).mkdir(parents=True)
        with shards.Writer(folder / split / "panels-00000.parquet", PANELS) as file:
            file.write(pa.Table.from_pylist(rows, PANELS))
    vocabulary.save(vocabulary.trained(lambda: texts, 400, 1), folder / "tokenizer.json")
    return folder
