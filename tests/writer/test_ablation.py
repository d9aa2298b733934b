"""The comparison of architectures: hard stories, equal parameters, runs that are kept, and an honest table."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from storywright.cli.ablate import ablate
from storywright.critic.encoder import Critic
from storywright.errors import BadInput
from storywright.sources.stories.folder import units
from storywright.sources.stories.story import Plan as StoriesPlan
from storywright.sources.stories.story import Story
from storywright.steps.train_writer import STARTER
from storywright.writer.ablation import report, runs
from storywright.writer.ablation.hardstories import HardStories
from storywright.writer.ablation.plan import BASE, FUSIONS, Plan, Variant, changed
from storywright.writer.config import WriterConfig
from storywright.writer.network import WriterModel

TINY = Plan(
    groups=("fusion",),
    seeds=(1, 2),
    train_stories=6,
    test_stories=3,
    vocabulary=400,
    parameters=800_000,
    steps=2,
    batch=4,
    validate_every=1,
    validation_stories=3,
)


@pytest.fixture(scope="module")
def eyes():
    torch.manual_seed(0)
    return WriterModel(WriterConfig(vocab_size=20, width=16, heads=2, picture_height=18, picture_width=32)).eval()


@pytest.fixture(scope="module")
def stories(eyes, tmp_path_factory):
    return HardStories(TINY, tmp_path_factory.mktemp("hard"), eyes, Critic.open(STARTER.parent / "critic"))


@pytest.fixture(scope="module")
def made(stories, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    waiting = TINY.runs()
    return folder, waiting, runs.all_of(TINY, waiting, stories, folder)


def test_stories_are_told_in_several_wordings_over_the_same_pictures(stories):
    told = stories.told["test"]
    assert len(told.retold) == TINY.wordings - 1
    several = [len(set(told.references(row))) for row in range(len(told))]
    assert np.mean([count > 1 for count in several]) > 0.8
    assert [one.stop - one.start for one in told.stories] == [len(one) for one in told.stories]
    assert stories.pictures("test", "cnn").shape == (len(told), 2 * 2, 16)
    assert stories.pictures("test", "critic").shape[1:] == (49, 192)


def test_stories_are_written_with_metadata_that_is_read_back_as_the_same_stories(stories, tmp_path):
    stories.write(tmp_path)
    taken = [
        one
        for unit in units(tmp_path, StoriesPlan(date="2026-11-20"))
        for one in unit.read(())
        if isinstance(one, Story)
    ]
    assert len(taken) == TINY.train_stories + TINY.test_stories
    captions = [panel.caption for one in taken for panel in one.panels]
    assert captions == stories.told["train"].columns["caption"] + stories.told["test"].columns["caption"]
    assert np.asarray(Image.open(io.BytesIO(taken[0].panels[0].picture))).shape == (108, 192, 3)
    assert {one.rights.licence for one in taken} == {"CC0-1.0"}


def test_all_fusions_have_equal_parameters(stories):
    sizes = {one.name: runs.num_parameters(WriterModel(runs.shape_of(TINY, one, stories))) for one in FUSIONS}
    assert all(abs(size / TINY.parameters - 1) <= 0.05 for size in sizes.values()), sizes
    with pytest.raises(BadInput, match="CMAR cannot have about 5,000 parameters"):
        runs.shape_of(replace(TINY, parameters=5_000), FUSIONS[-1], stories)


def test_runs_that_are_finished_are_not_made_again(made, stories, monkeypatch):
    folder, waiting, outcomes = made
    assert [(one.variant, one.seed) for one in outcomes] == [(variant.name, seed) for variant, seed in waiting]

    def never(*_):
        raise AssertionError("a finished run was made again")

    monkeypatch.setattr(runs.loop, "train", never)
    assert runs.all_of(TINY, waiting, stories, folder) == outcomes
    assert runs.all_of(replace(TINY, steps=5), waiting, stories, folder, most=0) == []


def test_a_seed_decides_a_run(made, stories, tmp_path):
    _, waiting, outcomes = made
    again = runs.run(TINY, *waiting[0], stories, tmp_path)
    assert again == outcomes[0]
    other = next(one for one in outcomes if one.variant == outcomes[0].variant and one.seed != outcomes[0].seed)
    assert other.scores["loss"] != again.scores["loss"]


def test_the_report_has_table_curves_examples_and_says_what_is_true_of_the_claims(made, stories, tmp_path):
    rows = report.write(TINY, made[2], stories, tmp_path)
    assert [row.variant for row in rows] == [variant.name for variant in FUSIONS]
    table = list(csv.DictReader((tmp_path / "table.csv").open()))
    assert float(table[0]["bleu_4_low"]) <= float(table[0]["bleu_4"]) <= float(table[0]["bleu_4_high"])
    page = (tmp_path / "README.md").read_text()
    assert "Against text only" in page and "Against cross-attention" in page
    assert (tmp_path / "curves.png").stat().st_size > 5_000
    examples = (tmp_path / "examples.md").read_text()
    assert examples.count("- told: ") >= 4 and f"- {BASE}: " in examples


def test_intervals_over_seeds_are_students_and_those_over_stories_keep_captions_of_a_story_together():
    found = report.over_seeds([1.0, 2.0, 3.0])
    assert found.mean == 2 and found.high == pytest.approx(2 + 4.303 / 3**0.5)
    rng = np.random.default_rng(0)
    each = rng.normal(0, 1, 50)
    alone, together = report.over_stories(each, [1] * 50), report.over_stories(np.repeat(each, 6), [6] * 50)
    assert together.high - together.low == pytest.approx(alone.high - alone.low, rel=0.1)


def test_plans_that_cannot_be_are_refused_by_name():
    with pytest.raises(BadInput, match="no group 'fusions'"):
        changed(TINY, {"groups": ["fusions"]})
    with pytest.raises(BadInput, match="at least two different seeds"):
        changed(TINY, {"seeds": [1]})
    with pytest.raises(BadInput, match="A plan has no 'stepps'"):
        changed(TINY, {"stepps": 3})
    with pytest.raises(ValueError, match="alignment loss belongs to cmar"):
        Variant(name="glue", fusion="concat")


def test_the_command_says_how_many_runs_are_left(tmp_path):
    values = ["train_stories=4", "test_stories=2", "vocabulary=300", "steps=1", "batch=2", "groups=[fusion]"]
    values += ["seeds=[1,2]", "validation_stories=2"]
    arguments = [part for value in values for part in ("--set", value)]
    result = CliRunner().invoke(
        ablate, [*arguments, "--work", str(tmp_path / "work"), "--out", str(tmp_path / "out"), "--runs", "1"]
    )
    assert result.exit_code == 0, result.output
    assert "1 of 8 runs are finished" in result.output
    assert not (tmp_path / "out").exists()
