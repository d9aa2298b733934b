"""The step train_critic: what it makes of a drawn corpus, that it goes on and repeats itself, and what it refuses."""

import csv

import numpy as np
import pytest
import torch

from storywright import files
from storywright.critic import encoder
from storywright.critic.encoder import Critic
from storywright.errors import BadInput
from storywright.steps import contract, train_critic
from storywright.training import watching

from .sheets import Watcher

VALUES = {
    "start": "scratch",
    "shape": {
        "width": 32,
        "text_layers": 1,
        "picture_layers": 1,
        "picture_size": 28,
        "patch": 14,
        "vocabulary": 700,
        "window": 40,
    },
    "training": {
        "steps": 40,
        "batch": 16,
        "learning_rate": 3e-3,
        "warmup": 4,
        "ema": 0.9,
        "checkpoint_every": 10,
        "log_every": 5,
        "seed": 3,
        "threads": 1,
    },
    "caption_share": 0.1,
    "next_token": 0.3,
    "num_validation": 24,
}


def train(corpus, place, **values):
    outputs = {"critic": place / "critic", "curves": place / "curves.csv", "metrics": place / "metrics.json"}
    return contract.call("train_critic", VALUES | values, {"corpus": corpus}, outputs), outputs


@pytest.fixture(scope="module")
def trained(drawn_corpus, tmp_path_factory):
    return train(drawn_corpus, tmp_path_factory.mktemp("trained"))


def test_the_loss_falls_and_the_critic_opens(trained):
    metrics, outputs = trained
    assert metrics["loss"] < metrics["loss_before"]
    assert metrics["retrieval_of"] == 24
    rows = list(csv.DictReader(outputs["curves"].open()))
    assert next(iter(rows[0])) == "step" and float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert Critic.open(outputs["critic"]).of_words(["a woman in the park"]).shape == (1, 32)
    assert not (outputs["critic"] / ".training").exists()


def test_sheets_show_what_words_find_and_change_nothing(trained, drawn_corpus, tmp_path):
    watcher = Watcher()
    with watching.watched_by(watcher):
        _, watched = train(drawn_corpus, tmp_path, training=VALUES["training"] | {"sheet_every": 20})
    assert list(watcher.sheets) == [("critic", 20), ("critic", 40)]
    first, last = watcher.sheets.values()
    assert first.size == last.size and not np.array_equal(first, last)
    assert files.digest(watched["critic"]) == files.digest(trained[1]["critic"])


def test_the_same_values_give_the_same_critic(trained, drawn_corpus, tmp_path):
    _, again = train(drawn_corpus, tmp_path)
    for name in ("critic", "curves", "metrics"):
        assert files.digest(again[name]) == files.digest(trained[1][name]), name


def test_a_killed_run_goes_on_to_the_same_critic(trained, drawn_corpus, tmp_path, monkeypatch):
    batch, count = encoder.Pairs.batch, 0

    def dying(self, rows):
        nonlocal count
        count += 1
        if count == 27:
            raise KeyboardInterrupt
        return batch(self, rows)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(encoder.Pairs, "batch", dying)
        train(drawn_corpus, tmp_path)
    assert not (tmp_path / "critic").exists(), "nothing half-made stands in its place"
    _, outputs = train(drawn_corpus, tmp_path)
    assert files.digest(outputs["critic"]) == files.digest(trained[1]["critic"])


def test_the_starter_goes_on_with_its_own_shape_and_tokenizer(trained, drawn_corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(train_critic, "STARTER", trained[1]["critic"])
    shape = VALUES["shape"] | {"width": 64}
    metrics, outputs = train(drawn_corpus, tmp_path, start="starter", shape=shape)
    assert metrics["loss_before"] == pytest.approx(trained[0]["loss"], rel=0.02), "it begins where the starter ended"
    before, after = (encoder.opened(folder["critic"]) for folder in (trained[1], outputs))
    assert after[0].config.projection_dim == 32
    assert after[1].get_vocab() == before[1].get_vocab()
    assert not torch.equal(*(model.text_projection.weight for model, _ in (before, after)))


def test_a_missing_starter_is_refused_with_the_remedy(drawn_corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(train_critic, "STARTER", tmp_path / "nothing")
    with pytest.raises(BadInput, match="set start to scratch"):
        train(drawn_corpus, tmp_path, start="starter")


@pytest.mark.parametrize(("name", "value"), [("caption_share", 2.0), ("num_validation", 1)])
def test_values_that_make_no_sense_are_refused_by_name(drawn_corpus, tmp_path, name, value):
    with pytest.raises(BadInput, match=name):
        train(drawn_corpus, tmp_path, **{name: value})
