"""The step train_writer: what it makes of a drawn corpus, that it goes on and repeats itself, and what it refuses."""

import csv
import json

import pyarrow.parquet as pq
import pytest

from storywright import files
from storywright.corpus import shards
from storywright.corpus.schema import PANELS
from storywright.errors import BadInput
from storywright.steps import contract, train_writer
from storywright.writer.model import Told, Writer

VALUES = {
    "start": "scratch",
    "text_encoder": "gru",
    "picture_encoder": "cnn",
    "fusion": "cmar",
    "sequence": "gru",
    "width": 16,
    "rounds": 1,
    "decoder_layers": 1,
    "dropout": 0.0,
    "max_panels": 8,
    "eye": {"steps": 20, "batch": 16, "describing": 10},
    "judge": {"steps": 12, "batch": 6},
    "steps": 24,
    "batch": 4,
    "learning_rate": 0.005,
    "warmup": 2,
    "schedule": "constant",
    "ema": 0.9,
    "precision": "no",
    "validate_every": 0,
    "validation_stories": 4,
    "checkpoint_every": 10,
    "augmentation": {},
    "weights": {},
    "seed": 3,
    "threads": 1,
}


def train(corpus, critic, place, **values):
    outputs = {"writer": place / "writer", "curves": place / "curves.csv", "metrics": place / "metrics.json"}
    return contract.call("train_writer", VALUES | values, {"corpus": corpus, "critic": critic}, outputs), outputs


@pytest.fixture(scope="module")
def trained(drawn_corpus, tiny_models, tmp_path_factory):
    return train(drawn_corpus, tiny_models["critic"], tmp_path_factory.mktemp("trained"))


def test_it_makes_a_writer_with_curves_metrics_and_samples(trained):
    metrics, outputs = trained
    assert {"loss", "bleu_4", "auc_shuffled", "auc_mixed", "auc_broken_look", "num_parameters"} <= set(metrics)
    assert metrics["num_stories"] == 20, "single pictures are no stories"
    rows = list(csv.DictReader(outputs["curves"].open()))
    assert next(iter(rows[0])) == "step" and float(rows[-1]["loss"]) > 0
    assert "foretold" in (outputs["writer"] / "samples.txt").read_text()
    assert not (outputs["writer"] / ".training").exists()
    writer = Writer.open(outputs["writer"])
    assert set(writer.languages) == {"en", "ru"}
    assert writer.propose([Told(None, "Adam leaves the red headphones.")], count=1)


def test_the_same_values_give_the_same_writer(trained, drawn_corpus, tiny_models, tmp_path):
    _, again = train(drawn_corpus, tiny_models["critic"], tmp_path)
    for name in ("writer", "curves", "metrics"):
        assert files.digest(again[name]) == files.digest(trained[1][name]), name


def test_a_killed_run_goes_on_to_the_same_writer(trained, drawn_corpus, tiny_models, tmp_path, monkeypatch):
    batch, count = train_writer.Material.batch, 0

    def dying(self, numbers):
        nonlocal count
        count += 1
        if count == 15:
            raise KeyboardInterrupt
        return batch(self, numbers)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(train_writer.Material, "batch", dying)
        train(drawn_corpus, tiny_models["critic"], tmp_path)
    _, outputs = train(drawn_corpus, tiny_models["critic"], tmp_path)
    assert files.digest(outputs["writer"]) == files.digest(trained[1]["writer"])


def test_a_writer_can_look_through_the_critic(drawn_corpus, tiny_models, tmp_path):
    _, outputs = train(drawn_corpus, tiny_models["critic"], tmp_path, picture_encoder="critic", steps=3)
    assert json.loads((outputs["writer"] / "config.json").read_text())["critic_width"] == 32
    assert Writer.open(outputs["writer"], tiny_models["critic"]).propose([Told(None, "Adam waits.")], count=1)
    with pytest.raises(BadInput, match="name the critic's folder"):
        Writer.open(outputs["writer"])


def test_training_goes_on_from_the_starter_with_its_shape_and_tokenizer(
    drawn_corpus, tiny_models, tmp_path, monkeypatch
):
    monkeypatch.setattr(train_writer, "STARTER", tiny_models["writer"])
    _, outputs = train(drawn_corpus, tiny_models["critic"], tmp_path, start="starter", width=64, steps=3)
    before, after = (
        json.loads((place / "config.json").read_text()) for place in (tiny_models["writer"], outputs["writer"])
    )
    assert after["width"] == before["width"] == 16
    assert (outputs["writer"] / "tokenizer.json").read_text() == (tiny_models["writer"] / "tokenizer.json").read_text()


def test_a_corpus_without_stories_is_refused(drawn_corpus, tiny_models, tmp_path):
    for split in ("train", "validation"):
        table = pq.read_table(drawn_corpus / split / "panels-00000.parquet")
        alone = table.filter([one == 1 for one in table["panels"].to_pylist()])
        (tmp_path / "corpus" / split).mkdir(parents=True)
        with shards.Writer(tmp_path / "corpus" / split / "panels-00000.parquet", PANELS) as file:
            file.write(alone)
    (tmp_path / "corpus" / "tokenizer.json").write_text((drawn_corpus / "tokenizer.json").read_text())
    with pytest.raises(BadInput, match="no story of two panels or more"):
        train(tmp_path / "corpus", tiny_models["critic"], tmp_path / "out")
