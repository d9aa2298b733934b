"""The champion beside the challenger, what the gates read of an evaluation, and an evaluation that fails halfway."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from storywright import files
from storywright.critic.encoder import Critic
from storywright.critic.preference import ABOUT, WEIGHTS
from storywright.errors import BadInput
from storywright.registry import evidence
from storywright.steps import contract, evaluate
from storywright.steps.evaluation import beside, inception
from storywright.steps.evaluation.costs import Meter

VALUES = {
    "drawn_stories": 5, "panels_each": 2, "clips": 0, "frames": 4, "real_pictures": 24, "captions": 6,
    "judged_stories": 4, "sizes": [], "sized": 0, "behaviour": 0, "inception": "", "confidence": 0.9,
    "resamples": 200, "seed": 5, "threads": 1,
}  # fmt: skip
WRITING = {"method": "greedy", "beams": 2, "length_penalty": 0.8, "temperature": 0.8, "top_p": 0.9}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    file = tmp_path_factory.mktemp("tuned") / "settings.json"
    files.write_json(file, {"drawing": {"steps": 1, "guidance": 1.0}, "writing": WRITING})
    return file


@pytest.fixture(scope="module")
def blind(tiny_models, tmp_path_factory):
    """An illustrator like the other, that draws nothing but grey."""
    folder = tmp_path_factory.mktemp("blind") / "illustrator"
    shutil.copytree(tiny_models["illustrator"], folder)
    weights = folder / "vae" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(weights)
    last = [name for name in tensors if name.startswith("decoder")]
    save_file(tensors | {name: torch.zeros_like(tensors[name]) for name in last}, weights, {"format": "pt"})
    (folder / "SHA256SUMS").unlink(missing_ok=True)
    return folder


@pytest.fixture(scope="module")
def both(drawn_corpus, tiny_models, settings, blind, tmp_path_factory):
    place = tmp_path_factory.mktemp("beside")
    champion = {
        "champion_critic": tiny_models["critic"], "champion_illustrator": blind,
        "champion_writer": tiny_models["writer"], "champion_settings": settings,
    }  # fmt: skip
    inputs = {"corpus": drawn_corpus, "settings": settings, **tiny_models, **champion}
    outputs = {"report": place / "report", "metrics": place / "metrics.json"}
    return contract.call("evaluate", VALUES, inputs, outputs), outputs


def read(path):
    return json.loads(path.read_text())


def test_both_are_scored_on_the_same_items_and_what_is_the_same_does_not_differ(both, tiny_models, blind):
    found = read(both[1]["report"] / "compared.json")
    assert found["critic"] == files.digest(tiny_models["critic"])
    assert found["challenger"]["models"]["illustrator"] == files.digest(tiny_models["illustrator"])
    assert found["champion"]["models"]["illustrator"] == files.digest(blind)
    ours, theirs = found["challenger"]["scores"], found["champion"]["scores"]
    assert {"clip_score", "belonging", "cider_d", "rouge_l", "bleu_4"} <= set(ours) == set(theirs)
    assert ours["clip_score"].keys() == theirs["clip_score"].keys() and len(ours["clip_score"]) == 10
    assert ours["clip_score"] != theirs["clip_score"], "the illustrators differ"
    assert ours["rouge_l"] == theirs["rouge_l"], "the writers are one"


def test_costs_of_both_are_measured_and_times_stay_out_of_the_numbers(both):
    costs = read(both[1]["report"] / "costs.json")
    for who in ("challenger", "champion"):
        assert costs[who]["seconds_per_panel"] > 0 and costs[who]["seconds_per_caption"] > 0
        assert {"cpu_seconds_per_panel", "memory_mib_per_panel"} <= costs[who].keys()
    assert not [name for name in both[0] if "second" in name or "memory" in name]


def test_the_report_shows_both_with_their_differences(both):
    page = (both[1]["report"] / "report.html").read_text()
    assert "Beside the champion" in page and "no telling" in page
    assert (both[1]["report"] / "pictures" / "beside.png").stat().st_size > 1_000


def test_the_seal_covers_every_file_and_is_broken_by_a_changed_one(both, tmp_path):
    report = tmp_path / "report"
    shutil.copytree(both[1]["report"], report)
    seal = read(report / "evaluation.json")
    assert seal["complete"] is True
    names = {one.relative_to(report).as_posix() for one in report.rglob("*") if one.is_file()}
    assert set(seal["files"]) == names - {"evaluation.json"}
    assert all(files.digest(report / name) == digest for name, digest in seal["files"].items())
    assert seal["metrics"] == files.digest_of(both[0])


def test_the_gates_read_what_was_written(both, tiny_models, settings):
    digests = {role: files.digest(path) for role, path in (tiny_models | {"settings": settings}).items()}
    report = both[1]["report"]
    found = evidence.read(
        SimpleNamespace(digests=digests), report=report, metrics=both[1]["metrics"], validation=both[1]["metrics"]
    )
    assert found.flaws == ()
    assert found.compared.champion_models["writer"] == files.digest(tiny_models["writer"])
    assert found.champion_costs["seconds_per_panel"] > 0


def test_users_who_like_what_is_bright_would_prefer_the_brighter_one(drawn_corpus, tiny_models, tmp_path):
    from PIL import Image
    from safetensors.numpy import save_file as save_numbers

    from storywright.critic.preference import features
    from storywright.steps.evaluation.drawing import Items
    from storywright.steps.evaluation.scores import Bootstrap, Scores

    critic = Critic.open(tiny_models["critic"])
    light, dark = (Image.new("RGB", (64, 36), colour) for colour in ("white", "black"))
    weights = features(critic, [light], ["a panel"])[0] - features(critic, [dark], ["a panel"])[0]
    save_numbers({"weights": weights}, tmp_path / WEIGHTS)
    files.write_json(tmp_path / ABOUT, {"critic": critic.digest})
    items = Items(
        ["a", "b"], ["a", "b"], ["", ""], ["a panel", "a panel"], np.zeros((2, 36, 64, 3), np.uint8), ["", ""]
    )

    def side(pictures):
        return beside.Side(models={"critic": "x"}, pictures=pictures, drawing=Meter(), written=None)

    def rate(ours, theirs):
        kept = {"challenger": Scores(), "champion": Scores()}
        pair = beside.Beside(challenger=side(ours), champion=side(theirs), critic="x", scores=kept, differences={})
        bootstrap = Bootstrap(0.9, 200, 0)
        found = beside.preference_win_rate(tmp_path, critic, items, pair, Scores(), bootstrap)["preference_win_rate"]
        appeals = [list(kept[name].by_metric["appeal"].values()) for name in ("challenger", "champion")]
        assert [a > b for a, b in zip(*appeals, strict=True)] == [found.value > 0.5] * 2
        return found.value

    assert rate([light] * 2, [dark] * 2) == 1.0
    assert rate([dark] * 2, [light] * 2) == 0.0
    assert rate([light] * 2, [light] * 2) == 0.5
    assert beside.preference_win_rate(tmp_path / "none", critic, items, None, Scores(), None) == {}


def test_an_evaluation_that_fails_halfway_leaves_nothing_that_a_gate_could_take(
    drawn_corpus, tiny_models, settings, tmp_path, monkeypatch
):
    outputs = {"report": tmp_path / "report", "metrics": tmp_path / "metrics.json"}
    inputs = {"corpus": drawn_corpus, "settings": settings, **tiny_models}

    def broken(*_, **__):
        raise RuntimeError("the machine went away")

    monkeypatch.setattr(evaluate.report, "write", broken)
    with pytest.raises(RuntimeError, match="went away"):
        contract.call("evaluate", VALUES | {"drawn_stories": 2}, inputs, outputs)
    assert not outputs["metrics"].exists() and not outputs["report"].exists()
    begun = tmp_path / "report.part"
    assert (begun / "scores.json").exists() and not (begun / "evaluation.json").exists(), "begun, and not sealed"


def test_half_a_champion_is_refused(drawn_corpus, tiny_models, settings, tmp_path):
    inputs = {"corpus": drawn_corpus, "settings": settings, **tiny_models, "champion_writer": tiny_models["writer"]}
    outputs = {"report": tmp_path / "report", "metrics": tmp_path / "metrics.json"}
    with pytest.raises(BadInput, match="champion_critic, champion_illustrator, champion_settings"):
        contract.call("evaluate", VALUES, inputs, outputs)


def test_a_thing_that_takes_longer_and_more_memory_costs_more_also_where_much_was_freed_before():
    freed = [bytes(1_000) for _ in range(200_000)]
    above = bytes(1_000)  # what is freed below it stays with the process
    del freed
    small, large = Meter(), Meter()
    for meter, count in ((small, 1 << 10), (large, 1 << 23)):
        with meter.one():
            np.ones(count).cumsum()
    few, many = (meter.figures("x") for meter in (small, large))
    assert many["seconds_per_x"] > few["seconds_per_x"]
    assert many["memory_mib_per_x"] > 100 > few["memory_mib_per_x"], above[:1]


def test_inception_is_opened_from_its_weights_and_tells_pictures_apart(tmp_path):
    torch.manual_seed(0)
    network = inception.Inception()
    save_file(network.state_dict() | {"fc.weight": torch.zeros(2, 2)}, tmp_path / "weights.safetensors")
    torch.save(network.state_dict(), tmp_path / "weights.pth")
    pictures = np.random.default_rng(0).integers(0, 255, (2, 36, 64, 3), dtype=np.uint8)
    one, other = (
        inception.features(inception.opened(tmp_path / f"weights.{kind}"), pictures) for kind in ("safetensors", "pth")
    )
    assert one.shape == (2, 2048) and np.array_equal(one, other)
    assert np.abs(one[0] - one[1]).max() > 0


@pytest.mark.parametrize("content", [b"no weights at all", b""])
def test_a_file_that_is_no_inception_is_refused(tmp_path, content):
    (tmp_path / "weights.pth").write_bytes(content)
    with pytest.raises(BadInput, match="cannot be read as Inception's weights"):
        inception.opened(tmp_path / "weights.pth")
    save_file({"other": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(BadInput, match="is no Inception network of FID: it lacks"):
        inception.opened(tmp_path / "other.safetensors")
