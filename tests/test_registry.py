"""Bundles in a real MLflow database, judged by real gates."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import save_file

from storywright import files, registry
from storywright.cli.models import models as command
from storywright.errors import BadInput
from storywright.registry import Bundle, card, gates
from storywright.registry.gates import Comparing, Limit, Metric, Policy
from storywright.settings import Settings

ROLES = ("critic", "illustrator", "motion", "writer")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's tables, made once: they take two seconds."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    MlflowClient(tracking_uri=f"sqlite:///{path}").search_registered_models()
    return path


@pytest.fixture
def at(own_environment: None, empty_database: Path, tmp_path: Path) -> Settings:
    at = Settings.from_environment()
    shutil.copyfile(empty_database, at.tracking_uri.removeprefix("sqlite:///"))
    return at


def parts(folder: Path, seed: int = 1) -> dict[str, Path]:
    """Five small parts; another seed gives other weights."""
    sources = {}
    for role in ROLES:
        sources[role] = folder / f"{role}-{seed}"
        (sources[role] / "unet").mkdir(parents=True)
        weights = np.random.default_rng(seed).normal(size=(4, 4)).astype(np.float32)
        save_file({"weight": weights}, sources[role] / "unet" / "model.safetensors")
        (sources[role] / "config.json").write_text('{"_class_name": "SmallModel"}')
    sources["settings"] = folder / f"settings-{seed}.json"
    sources["settings"].write_text('{"drawing": {"steps": 8}}')
    return sources


def bundle(folder: Path, seed: int = 1) -> Bundle:
    return Bundle.of(parts(folder, seed), corpus_digest="c" * 64)


def policy(**changes: object) -> Policy:
    usual = {"compare": Comparing(metrics={"fit": Metric()}), "max_bytes": 1_000_000}
    return Policy(**(usual | changes))  # type: ignore[arg-type]


def scores(mean: float, count: int = 60, seed: int = 3) -> dict[str, dict[str, float]]:
    noise = np.random.default_rng(seed).normal(scale=0.05, size=count)
    return {"fit": {f"item-{n}": mean + float(noise[n]) for n in range(count)}}


def outcome(gate: str, found: list[gates.Gate]) -> gates.Gate:
    return next(one for one in found if one.name == gate)


def judged(made: Bundle, **changes: object) -> list[gates.Gate]:
    usual: dict[str, object] = {
        "evaluation": {"fit": 0.5},
        "validation": {},
        "scores": scores(0.5),
        "champion_scores": None,
    }
    chosen = changes.pop("policy", policy())
    return gates.judge(chosen, made, **(usual | changes))[0]  # type: ignore[arg-type]


def test_nothing_is_promoted_and_no_database_is_made_before_the_first_bundle(own_environment: None) -> None:
    at = Settings.from_environment()
    assert registry.champion(at) is None
    assert registry.versions(at) == []
    assert not Path(at.tracking_uri.removeprefix("sqlite:///")).exists()


def test_the_same_bundle_is_registered_once_and_another_one_gets_a_new_version(at: Settings, tmp_path: Path) -> None:
    first = bundle(tmp_path, 1)
    assert registry.register(first, at) == registry.register(first, at) == "1"
    assert registry.register(bundle(tmp_path, 2), at) == "2"
    assert [version.number for version in registry.versions(at)] == ["2", "1"]


def test_a_version_is_fetched_as_it_was_registered(at: Settings, tmp_path: Path) -> None:
    made = bundle(tmp_path)
    folder = registry.fetch(registry.register(made, at), at)
    assert folder == at.home / "models" / made.digest
    for role in ROLES:
        weights = (folder / role / "unet" / "model.safetensors").read_bytes()
        assert weights == (made.sources[role] / "unet" / "model.safetensors").read_bytes()
    assert (folder / "settings.json").read_bytes() == made.sources["settings"].read_bytes()


def test_promotion_moves_the_aliases_and_rollback_moves_them_back(at: Settings, tmp_path: Path) -> None:
    first, second = (registry.register(bundle(tmp_path, seed), at) for seed in (1, 2))
    registry.promote(first, at)
    registry.challenge(second, at)
    registry.promote(second, at)
    assert (number("champion", at), number("previous", at)) == (second, first)
    assert registry.find("challenger", at) is None
    assert registry.rollback(at) == first
    champion = registry.champion(at)
    assert champion is not None
    assert champion.version == first
    assert registry.rollback(at) == second


def test_promoting_the_champion_again_keeps_the_previous_one(at: Settings, tmp_path: Path) -> None:
    first, second = (registry.register(bundle(tmp_path, seed), at) for seed in (1, 2))
    for version in (first, second, second):
        registry.promote(version, at)
    assert number("previous", at) == first


def test_there_is_no_going_back_from_the_first_champion(at: Settings, tmp_path: Path) -> None:
    registry.promote(registry.register(bundle(tmp_path), at), at)
    with pytest.raises(BadInput, match="no earlier champion"):
        registry.rollback(at)


def test_a_local_copy_that_was_altered_is_brought_again(at: Settings, tmp_path: Path) -> None:
    version = registry.register(bundle(tmp_path), at)
    folder = registry.fetch(version, at)
    weights = folder / "writer" / "unet" / "model.safetensors"
    good = weights.read_bytes()
    weights.write_bytes(b"other")
    (folder / "critic" / "config.json").unlink()
    (folder / "critic" / "added.py").write_text("print()")
    assert registry.fetch(version, at) == folder
    assert weights.read_bytes() == good
    assert not (folder / "critic" / "added.py").exists()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda file: file.write_bytes(b"other"), "writer/unet/model.safetensors was altered"),
        (lambda file: file.unlink(), "writer/unet/model.safetensors is missing"),
    ],
)
def test_files_that_were_altered_or_lost_in_the_registry_are_named(
    at: Settings, tmp_path: Path, harm: object, said: str
) -> None:
    version = registry.register(bundle(tmp_path), at)
    harm(next(stored(at).rglob("writer/unet/model.safetensors")))  # type: ignore[operator]
    with pytest.raises(BadInput, match=said):
        registry.fetch(version, at)
    assert not list((at.home / "models").glob("*/bundle.json")), "nothing half-fetched stays behind"


def test_a_listing_edited_to_fit_altered_files_is_refused(at: Settings, tmp_path: Path) -> None:
    version = registry.register(bundle(tmp_path), at)
    weights, listing = (next(stored(at).rglob(name)) for name in ("writer/unet/model.safetensors", "bundle.json"))
    weights.write_bytes(b"other")
    value = json.loads(listing.read_text())
    value["files"]["writer/unet/model.safetensors"] = files.digest(weights)
    listing.write_text(json.dumps(value))
    with pytest.raises(BadInput, match="writer was altered"):
        registry.fetch(version, at)


def test_a_version_whose_tag_was_edited_by_hand_is_refused(at: Settings, tmp_path: Path) -> None:
    version = registry.register(bundle(tmp_path), at)
    registry.tag(version, {"bundle_digest": "0" * 64}, at)
    with pytest.raises(BadInput, match="another bundle than the version's tag"):
        registry.fetch(version, at)


def test_a_version_made_by_hand_is_named(at: Settings) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=at.tracking_uri)
    client.create_registered_model(registry.MODEL)
    client.create_model_version(registry.MODEL, source="runs:/nothing")
    client.set_registered_model_alias(registry.MODEL, "champion", "1")
    with pytest.raises(BadInput, match="Version 1 of storywright-studio holds no bundle"):
        registry.champion(at)


def test_an_unknown_version_is_named_with_those_there_are(at: Settings, tmp_path: Path) -> None:
    registry.register(bundle(tmp_path), at)
    for call in (registry.fetch, registry.promote, registry.challenge):
        with pytest.raises(BadInput, match=r"no version or alias '7'; its versions are 1\."):
            call("7", at)


def test_a_registry_that_is_down_is_one_sentence_without_the_password(tmp_path: Path) -> None:
    at = Settings(home=tmp_path, database_url="", tracking_uri="http://user:secret@127.0.0.1:9")
    with pytest.raises(BadInput, match="does not answer") as error:
        registry.find("champion", at)
    assert "secret" not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("not a database " * 100)
    at = Settings(home=tmp_path, database_url="", tracking_uri=f"sqlite:///{tmp_path}/mlflow.db")
    with pytest.raises(BadInput, match=r"mlflow\.db does not answer .*MLFLOW_TRACKING_URI"):
        registry.versions(at)


def test_papers_stay_with_their_version(at: Settings, tmp_path: Path) -> None:
    version = registry.register(bundle(tmp_path), at)
    (tmp_path / "any-name").write_text('{"a": 1}')
    registry.attach(version, {"scores.json": tmp_path / "any-name"}, {"fit": 0.5}, at)
    paper = registry.attached(version, "scores.json", at)
    assert paper is not None
    assert json.loads(paper.read_text()) == {"a": 1}
    assert registry.attached(version, "nothing.json", at) is None


def test_a_bundle_without_one_of_its_parts_is_refused_by_name(tmp_path: Path) -> None:
    sources = parts(tmp_path)
    shutil.rmtree(sources["motion"])
    with pytest.raises(BadInput, match="motion is not there"):
        Bundle.of(sources, "c")


def test_a_first_bundle_that_is_safe_small_and_described_passes_every_gate(tmp_path: Path) -> None:
    assert all(gate.passed for gate in judged(bundle(tmp_path)))


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("writer/weights.pkl", b"\x80\x04.", "writer/weights.pkl"),
        ("critic/modeling.py", b"import os", "critic/modeling.py"),
        ("motion/extra.safetensors", b"\x80\x04 a pickle in disguise", "motion/extra.safetensors"),
    ],
)
def test_weights_that_could_run_code_fail_the_gate(tmp_path: Path, file: str, content: bytes, said: str) -> None:
    sources = parts(tmp_path)
    role, _, name = file.partition("/")
    (sources[role] / name).write_bytes(content)
    gate = outcome("weights", judged(Bundle.of(sources, "c")))
    assert not gate.passed
    assert said in gate.reason


def test_a_bundle_whose_card_would_have_holes_fails_the_gate(tmp_path: Path) -> None:
    sources = parts(tmp_path)
    (sources["illustrator"] / "config.json").unlink()
    gate = outcome("model card", judged(Bundle.of(sources, ""), evaluation={}))
    assert not gate.passed
    for hole in ("the architecture of the illustrator", "what the models learned from", "how good they are"):
        assert hole in gate.reason


def test_the_card_says_what_each_part_is_and_how_good_they_are(tmp_path: Path) -> None:
    text = card.written(bundle(tmp_path), "3", {"fit": 0.25})
    assert text.count("SmallModel | 0.00 M") == 4
    assert "| fit | 0.25 |" in text
    assert "c" * 64 in text
    assert card.num_parameters(bundle(tmp_path, 2).sources["writer"]) == 16


def test_a_bundle_over_the_budget_fails_the_gate(tmp_path: Path) -> None:
    assert not outcome("size", judged(bundle(tmp_path), policy=policy(max_bytes=10))).passed


def test_a_number_out_of_bounds_absent_or_not_a_number_fails_the_gate(tmp_path: Path) -> None:
    made, limit = bundle(tmp_path), policy(evaluation={"seconds": Limit(at_most=2)})
    for numbers, passed in (
        ({"seconds": 1.0}, True),
        ({"seconds": 3.0}, False),
        ({}, False),
        ({"seconds": float("nan")}, False),
    ):
        assert outcome("evaluation", judged(made, policy=limit, evaluation=numbers)).passed is passed


@pytest.mark.parametrize(
    ("mean", "not_worse", "better"), [(0.56, True, True), (0.5, True, False), (0.44, False, False)]
)
def test_the_champion_is_beaten_met_or_missed_item_by_item(
    tmp_path: Path, mean: float, not_worse: bool, better: bool
) -> None:
    found = judged(bundle(tmp_path), scores=scores(mean, seed=4), champion_scores=scores(0.5))
    assert outcome("not worse", found).passed is not_worse
    assert outcome("better", found).passed is better


def test_a_tolerated_loss_is_not_worse(tmp_path: Path) -> None:
    lenient = policy(compare=Comparing(metrics={"fit": Metric(tolerance=0.2)}))
    found = judged(bundle(tmp_path), policy=lenient, scores=scores(0.44), champion_scores=scores(0.5))
    assert outcome("not worse", found).passed


def test_a_lower_distance_is_better(tmp_path: Path) -> None:
    distance = policy(compare=Comparing(metrics={"fit": Metric(better="lower")}))
    found = judged(bundle(tmp_path), policy=distance, scores=scores(0.44), champion_scores=scores(0.5))
    assert outcome("better", found).passed


def test_scores_on_other_items_decide_nothing(tmp_path: Path) -> None:
    others = {"fit": {f"other-{n}": 0.1 for n in range(60)}}
    found = judged(bundle(tmp_path), champion_scores=others)
    assert not outcome("not worse", found).passed
    assert "same test set" in outcome("better", found).reason


def test_equal_models_are_found_worse_or_better_no_more_often_than_the_confidence_says(tmp_path: Path) -> None:
    compare = Comparing(metrics={"fit": Metric()}, resamples=400)
    wrong = 0
    for seed in range(200):
        one = gates.differences(compare, scores(0.5, seed=2 * seed), scores(0.5, seed=2 * seed + 1))[0]
        wrong += one.low > 0 or one.high < 0
    assert wrong <= 20  # 10 are expected at 95 %


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("compare: {metrics: {}}\nmax_bytes: 1", "at least one metric"),
        ("compare: {metrics: {fit: {better: bigger}}}\nmax_bytes: 1", "compare.metrics.fit.better"),
        ("compare: {metrics: {fit: {}}}", "max_bytes"),
        ("compare: [", "is not YAML"),
    ],
)
def test_gates_that_make_no_sense_are_refused_with_the_field(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "promotion.yaml").write_text(text)
    with pytest.raises(BadInput, match=said):
        gates.read_policy(tmp_path / "promotion.yaml")


def test_the_gates_of_the_project_can_be_read() -> None:
    assert gates.read_policy(Path(__file__).parents[1] / "mlflow" / "promotion.yaml").compare.metrics


def test_the_command_lists_shows_promotes_and_rolls_back(at: Settings, tmp_path: Path) -> None:
    for seed in (1, 2):
        version = registry.register(bundle(tmp_path, seed), at)
        registry.tag(version, {"gates": "passed"}, at)
        assert "is champion" in run("promote", version)
    assert "champion" in run("list").splitlines()[1]
    assert json.loads(run("show", "champion"))["version"] == "2"
    assert (Path(run("path", "champion").strip()) / "bundle.json").is_file()
    assert "Version 1 is champion" in run("rollback")
    assert json.loads((at.home / "deployment.json").read_text())["version"] == "1"


def test_a_version_the_gates_refused_is_promoted_only_with_a_reason(at: Settings, tmp_path: Path) -> None:
    version = registry.register(bundle(tmp_path), at)
    registry.tag(version, {"gates": "failed", "gates.why": "size: 9 MB of 1 MB"}, at)
    with pytest.raises(BadInput, match=r"did not pass the gates \(size: 9 MB of 1 MB\)"):
        run("promote", version)
    run("promote", version, "--despite", "the demonstration needs it")
    found = registry.find("champion", at)
    assert found is not None
    assert found.tags["promoted_despite"] == "the demonstration needs it"


def test_two_versions_are_compared_on_their_common_items(at: Settings, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("compare: {metrics: {fit: {}}}\nmax_bytes: 1")
    for seed, mean in ((1, 0.5), (2, 0.6)):
        version = registry.register(bundle(tmp_path, seed), at)
        paper = tmp_path / f"{seed}.json"
        paper.write_text(json.dumps({"corpus_digest": "c", "scores": scores(mean)}))
        registry.attach(version, {"scores.json": paper}, settings=at)
    assert "+0.1000" in run("compare", "1", "2", "--policy", str(tmp_path / "policy.yaml"))


def number(alias: str, at: Settings) -> str | None:
    found = registry.find(alias, at)
    return found and found.number


def stored(at: Settings) -> Path:
    """Where MLflow keeps the files."""
    return Path(at.tracking_uri.removeprefix("sqlite:///")).parent / "artifacts"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output
