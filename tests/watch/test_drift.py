"""Drift between profiles, measured by Evidently."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from storywright.steps.command import read_params
from storywright.watch import drift
from storywright.watch.drift import Sample

LIMITS = read_params(Path(__file__).parents[2] / "params.yaml", "demo")["monitor"]["limits"]
WORDS = ["Mia runs in the park.", "The bottle stands on the table, and the light is warm.", "She smiles.", "Rain."]


class Eye:
    """Sees the mean colour of each quarter."""

    def of_pictures(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        seen = (
            np.array([np.asarray(one.resize((2, 2), Image.Resampling.BOX)).reshape(-1) for one in pictures], np.float32)
            - 127.5
        )
        return seen / np.linalg.norm(seen, axis=1, keepdims=True)


def sample(seed: int, count: int, *, brighter: int = 0, longer: str = "", russian: float = 0.3) -> Sample:
    random = np.random.default_rng(seed)
    pixels = random.integers(30, 200, size=(count, 6, 8, 3)) + np.array([25, 0, -25])
    return Sample(
        captions=[str(random.choice(WORDS)) + longer for _ in range(count)],
        languages=[str(random.choice(["ru", "en"], p=[russian, 1 - russian])) for _ in range(count)],
        pictures=[Image.fromarray(np.clip(one + brighter, 0, 255).astype(np.uint8)) for one in pixels],
    )


def profile(**how: object) -> pd.DataFrame:
    return drift.profile(sample(**how), Eye())  # type: ignore[arg-type]


def test_samples_of_the_same_world_have_not_drifted() -> None:
    reference = profile(seed=0, count=150)
    for seed in (1, 2, 3):
        found, _ = drift.measure(reference, profile(seed=seed, count=48), LIMITS)
        assert found.drifted == []


@pytest.mark.parametrize(
    ("change", "columns"),
    [
        ({"longer": " And then a very long sentence follows that nobody used before."}, {"caption_length"}),
        ({"brighter": 60}, {"brightness", "picture"}),
        ({"russian": 0.9}, {"language"}),
    ],
)
def test_what_changed_is_found_in_its_columns(change: dict[str, object], columns: set[str]) -> None:
    found, _ = drift.measure(profile(seed=0, count=150), profile(seed=1, count=48, **change), LIMITS)
    assert set(found.drifted) == columns


def test_the_report_is_the_same_each_time_and_names_the_columns(tmp_path: Path) -> None:
    for name in ("one.html", "two.html"):
        _, snapshot = drift.measure(profile(seed=0, count=60), profile(seed=1, count=48), LIMITS)
        drift.write_report(snapshot, tmp_path / name)
    one = (tmp_path / "one.html").read_text()
    assert one == (tmp_path / "two.html").read_text()
    assert "caption_length" in one
