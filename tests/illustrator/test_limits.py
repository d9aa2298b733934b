"""What no picture and no clip can be drawn of is refused by a sentence, before anything is computed."""

from pathlib import Path
from typing import Any

import pytest

from storywright.errors import BadInput
from storywright.illustrator import model, motion
from storywright.illustrator.model import Illustrator
from storywright.illustrator.motion import Animator

from . import published

REFUSED = [
    ({"prompt": " \n"}, "A prompt is empty"),
    ({"prompt": "a woman in the park, " * 50_000}, "1,050,000 characters.*storywright adapt"),
    ({"negative": "night, " * 1_000}, "negative words have 7,000 characters"),
    ({"size": (8, 8)}, "A picture of 8x8 cannot be drawn"),
    ({"size": (99_999, 99_999)}, "both together at most 16,777,216"),
    ({"size": (320, 32)}, "at most five times the shorter"),
    ({"steps": 201}, "1 to 200 steps, got 201"),
    ({"guidance": float("nan")}, "The guidance is nan"),
    ({"seed": 10**30}, "The seed is 1000000000"),
    ({"seed": -1}, "whole number from 0"),
]
IDS = [f"{next(iter(values))} {said[:24]}" for values, said in REFUSED]


@pytest.mark.parametrize(
    ("device", "said"), [("quantum", "no device 'quantum'"), ("cuda:99", "cannot draw on cuda:99")]
)
def test_a_device_that_is_not_there(folder: Path, device: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        Illustrator.open(folder, device)


@pytest.mark.parametrize(("values", "said"), REFUSED, ids=IDS)
def test_pictures(illustrator: Illustrator, values: dict[str, Any], said: str) -> None:
    asked = {"prompt": "a woman", "seed": 0} | values
    with pytest.raises(BadInput, match=said):
        illustrator.draw([asked.pop("prompt")], seeds=[asked.pop("seed")], **asked)


@pytest.fixture(scope="module")
def animator(folder: Path) -> Animator:
    unet = model.opened(folder)["unet"]
    return Animator(Illustrator.open(folder), motion.new(unet, motion.Shape(heads=2, most_frames=8), seed=0))


@pytest.mark.parametrize(("values", "said"), REFUSED, ids=IDS)
def test_clips(animator: Animator, values: dict[str, Any], said: str) -> None:
    asked = {"prompt": "a woman"} | values
    with pytest.raises(BadInput, match=said):
        animator.draw(asked.pop("prompt"), frames=2, **asked)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Illustrator, Animator]:
    place = tmp_path_factory.mktemp("theirs")
    folder = published.saved("sd", place / "sd")
    return Illustrator.open(folder), Animator.open(folder, published.adapter(place / "motion"))


@pytest.mark.parametrize(("values", "said"), REFUSED, ids=IDS)
def test_pictures_and_clips_of_published_checkpoints(
    theirs: tuple[Illustrator, Animator], values: dict[str, Any], said: str
) -> None:
    asked = {"prompt": "a woman", "seed": 0} | values
    words, seed = asked.pop("prompt"), asked.pop("seed")
    with pytest.raises(BadInput, match=said):
        theirs[0].draw([words], seeds=[seed], **asked)
    with pytest.raises(BadInput, match=said):
        theirs[1].draw(words, frames=2, seed=seed, **asked)
