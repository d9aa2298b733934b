"""The step train_motion: layers that learn from moving drawings, the same each time, for the illustrator they fit."""

import csv

import numpy as np
import pytest

from storywright import files
from storywright.errors import BadInput
from storywright.illustrator.motion import Animator
from storywright.steps import contract, train_motion
from storywright.training import watching

from .sheets import Watcher

VALUES = {
    "start": "scratch",
    "shape": {"heads": 2, "most_frames": 8},
    "training": {
        "steps": 30,
        "batch": 2,
        "learning_rate": 5e-3,
        "warmup": 4,
        "ema": 0.9,
        "checkpoint_every": 10,
        "log_every": 5,
        "seed": 3,
        "threads": 1,
    },
    "clips": 8,
    "validation_clips": 3,
    "frames": 4,
    "seed": 2,
}


def train(illustrator, place, **values):
    outputs = {"motion": place / "motion", "curves": place / "curves.csv", "metrics": place / "metrics.json"}
    return contract.call("train_motion", VALUES | values, {"illustrator": illustrator}, outputs), outputs


@pytest.fixture(scope="module")
def trained(tiny_models, tmp_path_factory):
    return train(tiny_models["illustrator"], tmp_path_factory.mktemp("trained"))


def test_the_loss_falls_and_the_layers_open_with_their_illustrator(trained, tiny_models):
    metrics, outputs = trained
    assert metrics["loss"] < metrics["loss_before"]
    assert metrics["num_clips"] == 8
    assert next(iter(csv.DictReader(outputs["curves"].open()).fieldnames)) == "step"
    clip = Animator.open(tiny_models["illustrator"], outputs["motion"]).draw("a woman, walking", frames=4)
    assert len(clip) == 4
    assert not (outputs["motion"] / ".training").exists()


def test_the_same_values_give_the_same_layers(trained, tiny_models, tmp_path):
    _, again = train(tiny_models["illustrator"], tmp_path)
    for name in ("motion", "curves", "metrics"):
        assert files.digest(again[name]) == files.digest(trained[1][name]), name


def test_sheets_show_clips_and_change_nothing(trained, tiny_models, tmp_path):
    watcher = Watcher()
    with watching.watched_by(watcher):
        _, watched = train(tiny_models["illustrator"], tmp_path, training=VALUES["training"] | {"sheet_every": 15})
    assert list(watcher.sheets) == [("motion", 15), ("motion", 30)]
    first, last = watcher.sheets.values()
    assert first.size == (4 * 68 - 4, 4 * 40 - 4)  # a clip of four frames in each of four rows
    assert not np.array_equal(first, last)
    assert files.digest(watched["motion"]) == files.digest(trained[1]["motion"])


def test_the_starter_goes_on_where_it_ended(trained, tiny_models, tmp_path, monkeypatch):
    monkeypatch.setattr(train_motion, "STARTER", trained[1]["motion"])
    metrics, _ = train(tiny_models["illustrator"], tmp_path, start="starter")
    assert metrics["loss_before"] == pytest.approx(trained[0]["loss"], rel=0.02)


def test_a_missing_starter_is_refused_with_the_remedy(tiny_models, tmp_path, monkeypatch):
    monkeypatch.setattr(train_motion, "STARTER", tmp_path / "nothing")
    with pytest.raises(BadInput, match="set start to scratch"):
        train(tiny_models["illustrator"], tmp_path, start="starter")


@pytest.mark.parametrize(("name", "value"), [("frames", 9), ("clips", 0)])
def test_values_that_make_no_sense_are_refused_by_name(tiny_models, tmp_path, name, value):
    with pytest.raises(BadInput, match=name):
        train(tiny_models["illustrator"], tmp_path, **{name: value})
