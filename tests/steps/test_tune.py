"""The step tune: what it chooses, never worse than what the models suggest, and the same each time."""

import csv
import json

import pytest

from storywright import files
from storywright.errors import BadInput
from storywright.steps import contract, tune

VALUES = {
    "drawing_trials": 4,
    "pictures": 3,
    "steps": [1, 2, 3],
    "guidance": [1.0, 4.0],
    "cost_of_step": 0.01,
    "writing_trials": 4,
    "captions": 3,
    "proposals": 2,
    "methods": ["greedy", "beam", "nucleus"],
    "beams": [2, 3],
    "temperature": [0.6, 1.2],
    "variety": 0.3,
    "cost_of_beam": 0.01,
    "seed": 5,
    "threads": 1,
}


def tuned(corpus, models, place, **values):
    inputs = {"corpus": corpus, **{role: models[role] for role in ("critic", "illustrator", "writer")}}
    outputs = {"settings": place / "settings.json", "history": place / "history", "metrics": place / "metrics.json"}
    return contract.call("tune", VALUES | values, inputs, outputs), outputs


@pytest.fixture(scope="module")
def first(drawn_corpus, tiny_models, tmp_path_factory):
    return tuned(drawn_corpus, tiny_models, tmp_path_factory.mktemp("tuned"))


def test_settings_for_drawing_and_writing_are_chosen_and_no_worse_than_the_models_own(first):
    metrics, outputs = first
    settings = json.loads(outputs["settings"].read_text())
    assert set(settings["drawing"]) == {"steps", "guidance"}
    assert settings["writing"]["method"] in ("greedy", "beam", "nucleus")
    assert metrics["drawing_gain"] >= 0 and metrics["writing_gain"] >= 0


def test_the_history_has_every_trial_and_the_best_never_falls(first):
    rows = list(csv.DictReader((first[1]["history"] / "history.csv").open()))
    for study in ("drawing", "writing"):
        tried = [row for row in rows if row["study"] == study]
        assert [int(row["trial"]) for row in tried] == [0, 1, 2, 3]
        best = [float(row["best"]) for row in tried]
        assert best == sorted(best)
    assert (first[1]["history"] / "history.png").stat().st_size > 5_000


def test_the_same_values_give_the_same_choice_and_the_same_history(first, drawn_corpus, tiny_models, tmp_path):
    _, again = tuned(drawn_corpus, tiny_models, tmp_path)
    for name, path in again.items():
        assert files.digest(path) == files.digest(first[1][name]), name


def test_steps_that_cost_too_much_are_not_chosen(drawn_corpus, tiny_models, tmp_path):
    _, outputs = tuned(drawn_corpus, tiny_models, tmp_path, cost_of_step=10.0, drawing_trials=8, writing_trials=1)
    assert json.loads(outputs["settings"].read_text())["drawing"]["steps"] == 1


def test_a_trial_that_falls_behind_is_given_up():
    def objective(values, report):
        for part in range(3):
            report(values["x"], part)
        return values["x"]

    made = tune.study("x", objective, lambda t: {"x": t.suggest_float("x", 0, 1)}, {"x": 0.9}, trials=12, seed=0)
    assert {trial.state.name for trial in made.trials} == {"COMPLETE", "PRUNED"}
    assert made.best_value >= 0.9


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"proposals": 1}, "proposals must be at least 2"),
        ({"methods": []}, "methods must name at least one"),
        ({"guidance": [4.0, 1.0]}, "guidance goes from the least to the most"),
    ],
)
def test_values_that_make_no_sense_are_refused_by_name(values, said):
    with pytest.raises(BadInput, match=said):
        contract.config_of("tune", VALUES | values)
