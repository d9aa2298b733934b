"""A simulated audience: people with hidden tastes who use the studio over HTTP, and some who only make noise.

People like warm colours and few words, each in their own measure, and are often of two minds. What they like stands
here and nowhere else: nothing that is trained imports this file. Knows nothing of models or versions.
"""

import io
import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from PIL import Image

PICTURE_UNIT, WORDS_UNIT = 8.0, 4.0
"""So much warmer, in levels of red less blue, or so many words fewer is worth one unit of liking."""
_LONG = 9  # words, above which somebody who likes few of them shortens a caption
_LOOKS_SECONDS = 0.45


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a taste."""

    name: str
    warmth: float
    brevity: float
    seed: int

    def likes(self, picture: Image.Image, caption: str) -> float:
        """How much, before they are of two minds."""
        return self.warmth * warmth(picture) / PICTURE_UNIT - self.brevity * len(caption.split()) / WORDS_UNIT


def public(prefix: str, count: int, seed: int) -> list[Person]:
    """People whose tastes differ in measure and not in direction."""
    random = np.random.default_rng(seed)
    return [
        Person(f"{prefix}{n}", *(float(x) for x in random.uniform(0.8, 1.6, 2)), int(random.integers(1 << 30)))
        for n in range(count)
    ]


def warmth(picture: Image.Image) -> float:
    """Red less blue, on the mean."""
    pixels = np.asarray(picture.convert("RGB"), np.float32)
    return float((pixels[..., 0] - pixels[..., 2]).mean())


class Visits:
    """People at the studio's address."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=300)
        self._seen: dict[str, Image.Image] = {}

    def order(self, briefs: Sequence[dict[str, Any]], candidates: int) -> list[list[dict[str, Any]]]:
        """Boards for each brief, a few orders at once."""
        with ThreadPoolExecutor(2) as hands:
            return list(hands.map(lambda brief: self._ordered(brief, candidates), briefs))

    def judge(self, person: Person, boards: list[dict[str, Any]], number: int) -> None:
        """Choose a board, give stars to its panels, and shorten what is too long."""
        random = np.random.default_rng([person.seed, number])
        liked = [float(np.mean([self._liked(person, b, p) for p in b["panels"]])) for b in boards]
        # What stands first has a little more charm, for everybody.
        moved = [2 * like + random.gumbel() + (0.3 if place == 0 else 0) for place, like in enumerate(liked)]
        best = boards[int(np.argmax(moved))]
        key = f"{person.name}-{number}"
        words = [{"key": key, "board": best["id"], "kind": "choice", "user": person.name}]
        for panel in best["panels"]:
            stars = 1 + round(4 / (1 + math.exp(-self._liked(person, best, panel) + random.normal(0, 0.5))))
            words.append(_about(f"{key}-{panel['id']}-r", best, panel, "rating", str(stars), person))
            if person.brevity > 1 and len(panel["action"].split()) > _LONG:
                words.append(_about(f"{key}-{panel['id']}-e", best, panel, "edit", shortened(panel["action"]), person))
        self._say(words)

    def make_noise(self, name: str, boards: list[dict[str, Any]]) -> None:
        """Five stars for everything, again and again, as no person does."""
        nobody = Person(name, 0, 0, 0)
        words = []
        for turn in range(40):
            for panel in boards[0]["panels"]:
                key = f"{name}-{turn}-{panel['id']}"
                words.append(_about(key, boards[0], panel, "rating", str(1 + turn % 5), nobody))
        self._say(words)

    def compare(self, person: Person) -> None:
        """Look at pairs until there are no more, and say which side is liked better."""
        random = np.random.default_rng([person.seed, 99])
        shown = self._client.get("/api/v1/comparisons/latest/next", params={"user": person.name}).json()["shown"]
        while shown:
            time.sleep(_LOOKS_SECONDS)
            sides = [
                person.likes(_opened(self._client.get(shown[side]).content), shown[f"{side}_caption"])
                for side in ("left", "right")
            ]
            ahead = sides[0] - sides[1] + random.logistic(0, 0.5) + 0.1  # the left has a little more charm
            answer = "tie" if abs(ahead) < 0.15 else "left" if ahead > 0 else "right"
            said = {"turn": shown["turn"], "answer": answer, "user": person.name}
            shown = self._client.post("/api/v1/comparisons/latest/answers", json=said).json()["shown"]

    def _ordered(self, brief: dict[str, Any], candidates: int) -> list[dict[str, Any]]:
        asked = {"candidates": candidates, "wait": 240}
        answer = self._client.post("/api/v1/boards", params=asked, json=brief)
        answer.raise_for_status()
        return list(answer.json()["boards"])

    def _liked(self, person: Person, board: dict[str, Any], panel: dict[str, Any]) -> float:
        place = f"/api/v1/boards/{board['id']}/panels/{panel['id']}.png"
        if place not in self._seen:
            self._seen[place] = _opened(self._client.get(place).content)
        return person.likes(self._seen[place], panel["action"])

    def _say(self, words: list[dict[str, str]]) -> None:
        self._client.post("/api/v1/feedback/batch", json={"words": words}).raise_for_status()


def shortened(caption: str) -> str:
    """The first sentence, or what stands before the first comma."""
    for mark in (". ", "! ", "? ", ", "):
        if mark in caption:
            return caption.split(mark, maxsplit=1)[0].rstrip(",") + (mark.strip() if mark != ", " else ".")
    return " ".join(caption.split()[:_LONG]) + "…"


def _about(
    key: str, board: dict[str, Any], panel: dict[str, Any], kind: str, value: str, who: Person
) -> dict[str, str]:
    return {"key": key, "board": board["id"], "panel": panel["id"], "kind": kind, "value": value, "user": who.name}


def _opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")
