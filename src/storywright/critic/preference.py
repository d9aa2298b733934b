"""What users like, learned from pairs of which somebody preferred one.

A linear Bradley-Terry model: the chance that one panel is preferred to another is a logistic function of the
difference of their appeals. What it looks at is how the critic sees picture and words, and the light and colours that
the critic was taught to look past. A pair may say at which places the two stood when they were shown: that people
rather take what stands first is then learned apart, and is no part of what they like. The folder holds safetensors and
JSON. Knows nothing of who the users are.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from storywright import files
from storywright.critic.encoder import Critic
from storywright.errors import BadInput

WEIGHTS, ABOUT = "preference.safetensors", "preference.json"
_LIGHT = 9  # numbers that say how a picture's light and colours are
_WORDING = 2  # numbers that say how long a caption is
_MOST_STEPS = 50
_THUMB = (32, 18)


@dataclass(frozen=True, slots=True)
class Compared:
    """Pairs as numbers: what was preferred minus what was not."""

    differences: np.ndarray
    """(pairs, features)"""
    places: np.ndarray
    """(pairs): by how many places the preferred one stood further behind; 0 where none stood before the other."""
    weights: np.ndarray
    """(pairs): how much each counts."""
    users: np.ndarray
    """(pairs): who said it, as any word."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fit, in the units of its features."""

    weights: np.ndarray
    place: float
    """What standing one place further behind costs or gains."""

    def margins(self, pairs: Compared, *, with_places: bool = False) -> np.ndarray:
        """How much more the preferred one of each pair appeals; above 0 the fit agrees."""
        found: np.ndarray = pairs.differences @ self.weights
        return found + self.place * pairs.places if with_places else found


class Preference:
    """An opened preference model, with the critic whose eyes it uses."""

    def __init__(self, weights: np.ndarray, critic: Critic, about: dict[str, object]) -> None:
        self._weights, self._critic = weights, critic
        self.about = about

    @classmethod
    def open(cls, folder: Path, critic: Critic) -> "Preference":
        """Open a folder; refuses one that was fitted with another critic's eyes."""
        try:
            about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
            weights = load_file(folder / WEIGHTS)["weights"]
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise BadInput(f"{folder} holds no preference model ({error}): run the step fit_preference.") from error
        if about.get("critic") != critic.digest:
            raise BadInput(f"{folder} was fitted with another critic: run the step fit_preference with this one.")
        return cls(weights, critic, about)

    def appeal(self, pictures: Sequence[Image.Image | None], captions: Sequence[str]) -> np.ndarray:
        """How much each panel appeals; the difference of two is the logarithm of the odds that one is preferred."""
        found: np.ndarray = features(self._critic, pictures, captions) @ self._weights
        return found


def features(critic: Critic, pictures: Sequence[Image.Image | None], captions: Sequence[str]) -> np.ndarray:
    """What is looked at in each panel; what is not there counts nothing."""
    looks = _rows_where(pictures, lambda some: np.hstack([critic.of_pictures(some), np.stack([*map(_light, some)])]))
    words = _rows_where(captions, lambda some: np.hstack([critic.of_words(some), np.stack([*map(_wording, some)])]))
    width = critic.of_words(["a"]).shape[1]
    return np.hstack([_filled(looks, len(pictures), width + _LIGHT), _filled(words, len(captions), width + _WORDING)])


def fit(pairs: Compared, *, ridge: float, place_ridge: float = 1.0) -> Fitted:
    """The weights that make what was preferred likeliest, held small by the ridge; Newton's method."""
    scale = _scale(pairs.differences)
    x = np.hstack([pairs.differences / scale, pairs.places[:, None]])
    penalty = np.full(x.shape[1], ridge)
    penalty[-1] = place_ridge
    weights = np.zeros(x.shape[1])
    for _ in range(_MOST_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (pairs.weights * (1 - chance)) - penalty * weights
        curve = (x * (pairs.weights * chance * (1 - chance))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        weights += step
        if np.abs(step).max() < 1e-8:
            break
    return Fitted(weights[:-1] / scale, float(weights[-1]))


def held_out_margins(pairs: Compared, *, ridge: float, parts: int) -> np.ndarray:
    """For each pair, what a fit says that saw nothing of its user: whether a taste is shared, not remembered."""
    users = sorted(set(pairs.users.tolist()))
    margins = np.zeros(len(pairs.weights))
    for part in range(min(parts, len(users))):
        out = np.isin(pairs.users, users[part::parts])
        found = fit(chosen(pairs, ~out), ridge=ridge)
        margins[out] = found.margins(chosen(pairs, out), with_places=True)
    return margins


def chosen(pairs: Compared, rows: np.ndarray) -> Compared:
    """Some of the pairs."""
    return Compared(pairs.differences[rows], pairs.places[rows], pairs.weights[rows], pairs.users[rows])


def accuracy(margins: np.ndarray, weights: np.ndarray) -> float:
    """The share of what was preferred that a fit prefers too; what it cannot tell apart counts half."""
    right = (margins > 0) + 0.5 * (margins == 0)
    return float((right * weights).sum() / weights.sum()) if weights.sum() else 0.5


def save(fitted: Fitted, folder: Path, about: dict[str, object]) -> None:
    """Write a folder that `Preference.open` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({"weights": fitted.weights.astype(np.float64)}, folder / WEIGHTS)
    files.write_json(folder / ABOUT, about)


def _scale(differences: np.ndarray) -> np.ndarray:
    """How far each feature usually differs, so that one ridge suits all; what never differs stays as it is."""
    spread = np.sqrt((differences**2).mean(axis=0))
    found: np.ndarray = np.where(spread > 1e-9, spread, 1.0)
    return found


def _light(picture: Image.Image) -> np.ndarray:
    """Mean and spread of light and of the two colours against it, and how strong colours are."""
    small = np.asarray(picture.convert("RGB").resize(_THUMB, Image.Resampling.BOX), np.float32) / 255
    red, green, blue = small[..., 0], small[..., 1], small[..., 2]
    light, warm, fresh = (red + green + blue) / 3, red - blue, green - (red + blue) / 2
    strength = small.max(-1) - small.min(-1)
    parts = [light.mean(), light.std(), warm.mean(), warm.std(), fresh.mean(), fresh.std(), strength.mean()]
    edges = [np.abs(np.diff(light, axis=0)).mean(), np.abs(np.diff(light, axis=1)).mean()]
    return np.array([*parts, *edges], np.float64)


def _wording(caption: str) -> np.ndarray:
    return np.array([np.log1p(len(caption.split())), np.log1p(len(caption))], np.float64)


def _rows_where(values: Sequence[object], made: object) -> tuple[np.ndarray, np.ndarray] | None:
    rows = np.array([row for row, value in enumerate(values) if value is not None and value != ""], int)
    if not len(rows):
        return None
    assert callable(made)
    return rows, made([values[row] for row in rows])


def _filled(found: tuple[np.ndarray, np.ndarray] | None, count: int, width: int) -> np.ndarray:
    table = np.zeros((count, width))
    if found is not None:
        table[found[0]] = found[1]
    return table
