"""Encodings on the disk: made once, made anew for other material, and finished when they were cut short."""

from pathlib import Path

import numpy as np
import pytest

from storywright.training.cache import encoded


class Encoder:
    def __init__(self, fails_after: int = 1_000_000) -> None:
        self.asked: list[int] = []
        self._fails_after = fails_after

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        self.asked += rows.tolist()
        if len(self.asked) > self._fails_after:
            raise KeyboardInterrupt
        return rows[:, None] * np.ones(3)


def make(file: Path, encoder: Encoder, digest: str = "a", count: int = 200) -> np.ndarray:
    return encoded(file, encoder, count=count, shape=(3,), dtype=np.float16, digest=digest, doing="encoding", at_once=2)


def test_rows_are_encoded_once_and_read_back(tmp_path: Path) -> None:
    first, second = Encoder(), Encoder()
    made = make(tmp_path / "x.npy", first)
    again = make(tmp_path / "x.npy", second)
    assert made.dtype == np.float16
    assert np.array_equal(made[:, 0], np.arange(200)) and np.array_equal(again, made)
    assert first.asked == list(range(200)) and not second.asked


@pytest.mark.parametrize("change", [{"digest": "b"}, {"count": 100}])
def test_other_material_is_encoded_anew(tmp_path: Path, change: dict) -> None:
    make(tmp_path / "x.npy", Encoder())
    again = Encoder()
    made = make(tmp_path / "x.npy", again, **change)
    assert again.asked == list(range(len(made)))


def test_what_was_cut_short_is_finished_and_not_begun_again(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path / "x.npy", Encoder(fails_after=150))
    rest = Encoder()
    made = make(tmp_path / "x.npy", rest)
    assert 0 < rest.asked[0] <= 150 and rest.asked[-1] == 199
    assert np.array_equal(made[:, 0], np.arange(200))
