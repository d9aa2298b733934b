"""The step train_illustrator: what it makes of a drawn corpus, that it repeats itself, and what it refuses."""

import csv

import numpy as np
import pyarrow.parquet as pq
import pytest

from storywright import files
from storywright.corpus import shards
from storywright.corpus.schema import PANELS
from storywright.errors import BadInput
from storywright.illustrator import denoiser
from storywright.illustrator.model import Illustrator
from storywright.steps import contract, train_illustrator
from storywright.training import watching

from .sheets import Watcher

_TRAINING = {"batch": 8, "warmup": 4, "ema": 0.9, "checkpoint_every": 10, "log_every": 5, "seed": 3, "threads": 1}
VALUES = {
    "start": "scratch",
    "size": [64, 36],
    "other_sizes": [[48, 48]],
    "autoencoder": {"latent_channels": 4, "decoder_channels": 8, "decoder_blocks": [1, 0, 0, 0]},
    "denoiser": {
        "channels": [16, 32],
        "reads_words": [False, True],
        "layers": [1, 1],
        "heads": 2,
        "norm_groups": 8,
    },
    "decoder_training": _TRAINING | {"steps": 20, "learning_rate": 3e-3},
    "denoiser_training": _TRAINING | {"steps": 40, "learning_rate": 3e-3},
    "enlarger": {"channels": 8, "blocks": 1},
    "enlarger_training": _TRAINING | {"steps": 20, "learning_rate": 3e-3},
    "enlarger_pictures": 12,
    "noise_shift": 2.0,
    "reader": {"channels": [8, 16], "heads": 2},
    "reader_training": _TRAINING | {"steps": 20, "learning_rate": 3e-3},
    "reader_pictures": 12,
    "reference_share": 0.2,
    "draft": {"width": 32, "layers": 1, "heads": 2},
    "draft_training": _TRAINING | {"steps": 40, "learning_rate": 3e-3},
    "hidden": 0.8,
    "crop": 32,
    "most_pictures": 40,
    "drop_words": 0.1,
    "figure_weight": 0.5,
    "num_validation": 12,
    "steps": 3,
    "guidance": 2.0,
}


def train(corpus, critic, place, **values):
    outputs = {name: place / name for name in ("illustrator", "curves.csv", "metrics.json")}
    named = {name.split(".")[0]: path for name, path in outputs.items()}
    return contract.call("train_illustrator", VALUES | values, {"corpus": corpus, "critic": critic}, named), named


@pytest.fixture(scope="module")
def trained(drawn_corpus, tiny_models, tmp_path_factory):
    return train(drawn_corpus, tiny_models["critic"], tmp_path_factory.mktemp("trained"))


def test_both_losses_fall_and_the_pipeline_draws_as_it_was_told_to(trained):
    metrics, outputs = trained
    assert metrics["loss"] < metrics["loss_before"]
    assert {"decoder_psnr", "own_beats_other", "num_parameters"} <= set(metrics)
    assert metrics["num_pictures"] == 40
    rows = list(csv.DictReader(outputs["curves"].open()))
    decoder = [float(row["decoder_loss"]) for row in rows if row["decoder_loss"]]
    assert next(iter(rows[0])) == "step" and decoder[-1] < decoder[0]
    assert metrics["enlarger_psnr"] > metrics["enlarger_psnr_interpolated"] - 1
    assert metrics["draft_unknown"] < 1
    illustrator = Illustrator.open(outputs["illustrator"])
    assert (illustrator.drawing.native_size, illustrator.drawing.steps) == ((64, 36), 3)
    assert illustrator.draw(["a woman in the park"], seeds=[1], style="ink")[0].size == (64, 36)
    assert not (outputs["illustrator"] / ".training").exists()


def test_the_same_values_give_the_same_illustrator(trained, drawn_corpus, tiny_models, tmp_path):
    _, again = train(drawn_corpus, tiny_models["critic"], tmp_path)
    for name in ("illustrator", "curves", "metrics"):
        assert files.digest(again[name]) == files.digest(trained[1][name]), name


def test_sheets_show_what_is_drawn_meanwhile_and_change_nothing(trained, drawn_corpus, tiny_models, tmp_path):
    watcher = Watcher()
    with watching.watched_by(watcher):
        training = VALUES["denoiser_training"] | {"sheet_every": 20}
        _, watched = train(drawn_corpus, tiny_models["critic"], tmp_path, denoiser_training=training)
    assert list(watcher.sheets) == [("illustrator", 20), ("illustrator", 40)]
    first, last = watcher.sheets.values()
    assert first.size == last.size == (4 * 68 - 4, 3 * 40 - 4)  # twelve pictures in rows of four
    assert not np.array_equal(first, last)
    assert files.digest(watched["illustrator"]) == files.digest(trained[1]["illustrator"])


def test_a_corpus_with_one_picture_is_learnt_from(drawn_corpus, tiny_models, tmp_path):
    for split in ("train", "validation"):
        table = pq.read_table(drawn_corpus / split / "panels-00000.parquet").slice(0, 1)
        (tmp_path / "corpus" / split).mkdir(parents=True)
        with shards.Writer(tmp_path / "corpus" / split / "panels-00000.parquet", PANELS) as file:
            file.write(table)
    short = _TRAINING | {"steps": 4}
    values = {f"{name}_training": short for name in ("decoder", "denoiser", "draft", "reader", "enlarger")}
    metrics, outputs = train(tmp_path / "corpus", tiny_models["critic"], tmp_path, **values)
    assert metrics["num_pictures"] == 1 and np.isfinite([metrics["loss"], metrics["draft_loss"]]).all()
    assert Illustrator.open(outputs["illustrator"]).draw(["a woman"], seeds=[1])[0].size == (64, 36)


def test_a_run_killed_in_the_denoisers_training_goes_on_to_the_same_illustrator(
    trained, drawn_corpus, tiny_models, tmp_path, monkeypatch
):
    batch, count = denoiser.Flow.batch, 0

    def dying(self, rows):
        nonlocal count
        count += 1
        if count == 25:
            raise KeyboardInterrupt
        return batch(self, rows)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(denoiser.Flow, "batch", dying)
        train(drawn_corpus, tiny_models["critic"], tmp_path)
    _, outputs = train(drawn_corpus, tiny_models["critic"], tmp_path)
    assert files.digest(outputs["illustrator"]) == files.digest(trained[1]["illustrator"])


def test_the_starter_goes_on_with_its_own_shape_and_text_encoder(
    trained, drawn_corpus, tiny_models, tmp_path, monkeypatch
):
    monkeypatch.setattr(train_illustrator, "STARTER", trained[1]["illustrator"])
    shape = VALUES["denoiser"] | {"channels": [32, 32]}
    metrics, outputs = train(drawn_corpus, tiny_models["critic"], tmp_path, start="starter", denoiser=shape)
    assert metrics["loss_before"] == pytest.approx(trained[0]["loss"], rel=0.02), "it begins where the starter ended"
    texts = [folder["illustrator"] / "text_encoder" / "model.safetensors" for folder in (trained[1], outputs)]
    assert files.digest(texts[0]) == files.digest(texts[1])
    drawn = [Illustrator.open(folder["illustrator"]).draw(["a dog"], seeds=[1])[0] for folder in (trained[1], outputs)]
    assert not np.array_equal(*drawn)


def test_a_missing_starter_is_refused_with_the_remedy(drawn_corpus, tiny_models, tmp_path, monkeypatch):
    monkeypatch.setattr(train_illustrator, "STARTER", tmp_path / "nothing")
    with pytest.raises(BadInput, match="set start to scratch"):
        train(drawn_corpus, tiny_models["critic"], tmp_path, start="starter")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", [8, 8]),
        ("other_sizes", [[8, 8]]),
        ("drop_words", 0.0),
        ("figure_weight", -1.0),
        ("reference_share", 1.0),
    ],
)
def test_values_that_make_no_sense_are_refused_by_name(drawn_corpus, tiny_models, tmp_path, name, value):
    with pytest.raises(BadInput, match=name):
        train(drawn_corpus, tiny_models["critic"], tmp_path, **{name: value})
