"""The judge: what it is asked, that it learns to read drawings, and what it says of pictures that keep to nothing."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from storywright.errors import BadInput
from storywright.judge import measuring, network, training
from storywright.judge.labels import MEASURES, NONE, QUESTIONS, answers
from storywright.toonworld.drawing import draw
from storywright.toonworld.scene import Person, Prop, Scene
from storywright.training import loop


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A judge that has seen so little that it only reads what is plainest."""
    made = tmp_path_factory.mktemp("judge")
    short = loop.Config(steps=60, batch=24, learning_rate=3e-3, warmup=5, ema=0.9, threads=1, optimizer="muon")
    training.train(
        training.Config(pictures=120, training=short, shape=network.Shape(channels=(16, 24, 32), heads=2)), made
    )
    return made


def test_a_question_that_a_picture_does_not_raise_has_no_answer() -> None:
    alone = Scene(setting="park", people=(Person(top_colour="red"),), props=(Prop(kind="dog"),), shot="full")
    insert = Scene(setting="park", people=(), props=(Prop(kind="mug", colour="blue"),), shot="insert")
    rows = answers([alone, insert])
    asked = list(QUESTIONS)
    assert QUESTIONS["person_1.top_colour"][rows[0, asked.index("person_1.top_colour")]] == "red"
    assert rows[0, asked.index("person_2.top_colour")] == NONE
    assert rows[1, asked.index("person_1.pose")] == NONE
    assert QUESTIONS["prop_1.kind"][rows[1, asked.index("prop_1.kind")]] == "mug"


def test_every_question_belongs_to_exactly_one_measure() -> None:
    assert sorted(question for questions in MEASURES.values() for question in questions) == sorted(QUESTIONS)


def test_it_learns_to_tell_styles_apart_and_opens_as_it_was_saved(folder: Path, tmp_path: Path) -> None:
    judge = network.Judge.open(folder)
    pictures, right = training.drawings(80, 999, tmp_path / "others.npy")
    style = list(QUESTIONS).index("style")
    read = judge.read(pictures)
    assert (read[:, style] == right[:, style]).mean() > 0.5  # one of four is chance
    as_images = judge.read([Image.fromarray(picture) for picture in pictures[:8]])
    assert (as_images == read[:8]).mean() > 0.95


def test_real_drawings_are_the_measure_of_pictures(folder: Path) -> None:
    judge = network.Judge.open(folder)
    scenes = [scene for scene, _ in measuring.held_out(40)]
    same = measuring.measured(judge, scenes, [Image.fromarray(draw(scene, network.SIZE)) for scene in scenes])
    assert all(one.share == pytest.approx(1.0, abs=0.05) for one in same if one.asked and one.drawn)
    grey = measuring.measured(judge, scenes, [Image.new("RGB", network.SIZE, "grey")] * 40)
    style = {one.name: one for one in grey}["style"]
    assert style.share < 0.8


def test_pictures_are_spoilt_by_chance_alone_and_differently() -> None:
    pixels = torch.rand(4, 3, 108, 192) * 2 - 1
    first, again, other = (training.spoilt(pixels, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert float((first - pixels).abs().mean()) < 0.5


def test_a_judge_of_other_questions_or_altered_weights_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "judge"
    shutil.copytree(folder, copy)
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    with pytest.raises(BadInput, match="not the file that was sealed"):
        network.Judge.open(copy)
    (copy / "SHA256SUMS").unlink()
    config = copy / "config.json"
    config.write_text(config.read_text().replace('"kitchen"', '"cellar"'))
    with pytest.raises(BadInput, match="other questions"):
        network.Judge.open(copy)
    with pytest.raises(BadInput, match="There is no judge"):
        network.Judge.open(tmp_path / "none")


def test_no_pictures_are_no_answers(folder: Path) -> None:
    assert network.Judge.open(folder).read(np.zeros((0, 108, 192, 3), np.uint8)).shape == (0, len(QUESTIONS))
