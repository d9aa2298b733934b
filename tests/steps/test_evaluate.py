"""The step evaluate: figures with intervals, scores of items for comparing, and a report that stands alone."""

import json
import re

import numpy as np
import pyarrow.parquet as pq
import pytest

from storywright import files
from storywright.critic.metrics import cider_d
from storywright.critic.metrics.ptb import ptb_tokens
from storywright.errors import BadInput
from storywright.registry import evidence
from storywright.steps import contract, evaluate
from storywright.steps.evaluation.scores import Bootstrap, Scores
from storywright.writer.decoding import Decoding

VALUES = {
    "drawn_stories": 4,
    "panels_each": 2,
    "clips": 1,
    "frames": 4,
    "real_pictures": 24,
    "captions": 6,
    "judged_stories": 6,
    "sizes": [[36, 64]],
    "sized": 2,
    "behaviour": 2,
    "inception": "",
    "confidence": 0.9,
    "resamples": 200,
    "seed": 5,
    "threads": 1,
}


def evaluated(corpus, models, settings, place, *, others=None, **values):
    inputs = {"corpus": corpus, "settings": settings, **models, **(others or {})}
    outputs = {"report": place / "report", "metrics": place / "metrics.json"}
    return contract.call("evaluate", VALUES | values, inputs, outputs), outputs


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    file = tmp_path_factory.mktemp("tuned") / "settings.json"
    writing = {"method": "beam", "beams": 2, "length_penalty": 0.8, "temperature": 0.8, "top_p": 0.9}
    files.write_json(file, {"drawing": {"steps": 1, "guidance": 1.0}, "writing": writing})
    return file


@pytest.fixture(scope="module")
def first(drawn_corpus, tiny_models, settings, tmp_path_factory):
    return evaluated(drawn_corpus, tiny_models, settings, tmp_path_factory.mktemp("evaluated"))


def test_every_figure_is_there_and_intervals_hold_their_figure(first):
    metrics, _ = first
    assert set(metrics) >= {
        "clip_score", "clip_score_share", "frechet_distance", "style_obedience", "belonging", "diversity",
        "bleu_4", "cider_d", "rouge_l", "auc_shuffled", "auc_mixed", "auc_broken_look", "story_calibration_error",
        "clip_steadiness", "clip_movement", "alignment", "resolution_obedience", "words_kept", "words_kept_real",
        "story_score", "behaviour_tests", "behaviour_failed", "behaviour_undecided", "complete",
    }  # fmt: skip
    for name in [name for name in metrics if f"{name}_low" in metrics]:
        assert metrics[f"{name}_low"] <= metrics[name] <= metrics[f"{name}_high"], name
    assert not [name for name in metrics if "second" in name], "times differ from run to run"


def test_the_scores_of_items_are_what_the_gates_read(first, drawn_corpus):
    metrics, outputs = first
    digest, scores = evidence.read_scores(outputs["report"] / "scores.json")
    assert len(digest) == 64
    assert {"clip_score", "cider_d", "rouge_l"} <= set(scores)
    assert np.mean(list(scores["clip_score"].values())) == pytest.approx(metrics["clip_score"], abs=1e-5)
    table = pq.read_table(outputs["report"] / "items.parquet").to_pylist()
    assert {row["item"] for row in table if row["metric"] == "rouge_l"} == set(scores["rouge_l"])
    assert {row["language"] for row in table if row["metric"] == "rouge_l"} <= {"en", "ru"}


def test_the_same_models_get_the_same_scores(first, drawn_corpus, tiny_models, settings, tmp_path):
    metrics, outputs = evaluated(drawn_corpus, tiny_models, settings, tmp_path)
    assert metrics == first[0]
    for name in ("scores.json", "items.parquet", "pictures"):
        assert files.digest(outputs["report"] / name) == files.digest(first[1]["report"] / name), name


def test_the_report_stands_alone_and_its_markdown_finds_its_pictures(first):
    folder = first[1]["report"]
    page = (folder / "report.html").read_text()
    assert not re.findall(r"(?:src|href)=\"(?!data:)", page), "the page needs nothing beside it"
    assert "CIDEr-D" in page and "a red car is redder than a blue one" in page and "MiB beside the models" in page
    plain = (folder / "report.md").read_text()
    pictures = re.findall(r"\]\((.*?)\)", plain)
    assert pictures and all((folder / picture).is_file() for picture in pictures)
    assert not re.search(r"\{\{|\{%|&lt;|&#", plain)
    kept = {
        "report.html", "report.md", "pictures", "items.parquet", "scores.json", "behaviour.json", "costs.json",
        "evaluation.json",
    }  # fmt: skip
    assert {path.name for path in folder.iterdir()} == kept


def test_settings_of_another_kind_are_refused(drawn_corpus, tiny_models, tmp_path):
    (tmp_path / "settings.json").write_text(json.dumps({"drawing": {}}))
    with pytest.raises(BadInput, match="run the step tune again"):
        evaluate.read_settings(tmp_path / "settings.json")


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng, hits = np.random.default_rng(0), 0
    for number in range(300):
        found = Bootstrap(0.9, 400, number).mean("x", rng.normal(1.0, 1.0, 40))
        hits += found.low <= 1.0 <= found.high
    assert 0.84 <= hits / 300 <= 0.95


def test_slices_are_means_by_trait(tmp_path):
    scores = Scores(traits={"a": {"style": "ink"}, "b": {"style": "ink"}, "c": {"style": "flat"}})
    scores.add("clip_score", ["a", "b", "c"], [1.0, 2.0, 4.0])
    assert scores.slices("clip_score", "style") == {"flat": (4.0, 1), "ink": (1.5, 2)}


def test_what_is_scored_is_what_the_writer_proposes(first, drawn_corpus, tiny_models, settings):
    from storywright.corpus.reading import Panels
    from storywright.writer.cases import cases
    from storywright.writer.model import Writer

    decoding = Decoding(**json.loads(settings.read_text())["writing"])
    writer = Writer.open(tiny_models["writer"], decoding=decoding)
    held_out = cases(Panels(drawn_corpus, "test"), VALUES["captions"], writer.languages)
    captions = [
        writer.propose(case.story, language=case.language, count=1, seed=VALUES["seed"] + number)[0].caption
        for number, case in enumerate(held_out)
    ]
    hyps, refs = [ptb_tokens(c) for c in captions], [[ptb_tokens(case.told)] for case in held_out]
    assert cider_d(hyps, refs).value == pytest.approx(first[0]["cider_d"], abs=1e-5)
