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
from storywright.registry import Bundle, card, evidence, gates, judging
from storywright.registry.evidence import Behaviour, Compared, Evidence, Human
from storywright.registry.gates import Champion, Comparing, Limit, Metric, Policy
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


def judged(
    made: Bundle, champion: Champion | None = None, policy_: Policy | None = None, **changes: object
) -> list[gates.Gate]:
    usual: dict[str, object] = {
        "corpus_digest": made.corpus_digest,
        "evaluation": {"fit": 0.5},
        "validation": {},
        "scores": scores(0.5),
    }
    found = Evidence(**(usual | changes))  # type: ignore[arg-type]
    return gates.judge(policy_ or policy(), made, found, champion)[0]


def champion(made: Bundle, **changes: object) -> Champion:
    usual: dict[str, object] = {"number": "1", "digests": made.digests, "scores": scores(0.5)}
    return Champion(**(usual | changes))  # type: ignore[arg-type]


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
    numbers = {"fit": 0.25, "fit_low": 0.2, "fit_high": 0.3}
    found = Evidence(corpus_digest="c" * 64, scores={}, evaluation=numbers, validation={})
    text = card.written(bundle(tmp_path), "3", found, [gates.Gate(name="size", passed=False, reason="3 of 2 MB")])
    assert text.count("SmallModel | 0.00 M") == 4
    assert "| fit | 0.25 (0.2 to 0.3) |" in text
    assert "c" * 64 in text
    assert "- size: **refused**, 3 of 2 MB" in text
    assert card.num_parameters(bundle(tmp_path, 2).sources["writer"]) == 16


def test_a_bundle_over_the_budget_fails_the_gate(tmp_path: Path) -> None:
    assert not outcome("size", judged(bundle(tmp_path), policy_=policy(max_bytes=10))).passed


def test_a_number_out_of_bounds_absent_or_not_a_number_fails_the_gate(tmp_path: Path) -> None:
    made, limit = bundle(tmp_path), policy(evaluation={"seconds": Limit(at_most=2)})
    for numbers, passed in (
        ({"seconds": 1.0}, True),
        ({"seconds": 3.0}, False),
        ({}, False),
        ({"seconds": float("nan")}, False),
    ):
        assert outcome("evaluation", judged(made, policy_=limit, evaluation=numbers)).passed is passed


@pytest.mark.parametrize(
    ("mean", "not_worse", "better"), [(0.56, True, True), (0.5, True, False), (0.44, False, False)]
)
def test_the_champion_is_beaten_met_or_missed_item_by_item(
    tmp_path: Path, mean: float, not_worse: bool, better: bool
) -> None:
    made = bundle(tmp_path)
    found = judged(made, champion(made), scores=scores(mean, seed=4))
    assert outcome("not worse", found).passed is not_worse
    assert outcome("better", found).passed is better


def test_a_tolerated_loss_is_not_worse(tmp_path: Path) -> None:
    lenient = policy(compare=Comparing(metrics={"fit": Metric(tolerance=0.2)}))
    made = bundle(tmp_path)
    found = judged(made, champion(made), policy_=lenient, scores=scores(0.44))
    assert outcome("not worse", found).passed


def test_a_lower_distance_is_better(tmp_path: Path) -> None:
    distance = policy(compare=Comparing(metrics={"fit": Metric(better="lower")}))
    made = bundle(tmp_path)
    found = judged(made, champion(made), policy_=distance, scores=scores(0.44))
    assert outcome("better", found).passed


def test_scores_on_other_items_decide_nothing(tmp_path: Path) -> None:
    others = {"fit": {f"other-{n}": 0.1 for n in range(60)}}
    made = bundle(tmp_path)
    found = judged(made, champion(made, scores=others))
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


def test_what_two_critics_scored_is_not_compared_unless_one_scored_both(tmp_path: Path) -> None:
    made, theirs = bundle(tmp_path, 1), bundle(tmp_path, 2)
    by_critic = policy(compare=Comparing(metrics={"fit": Metric(of_critic=True)}))
    found = judged(made, champion(theirs), policy_=by_critic, scores=scores(0.9))
    assert "the critics of champion and challenger differ" in outcome("better", found).reason
    beside = Compared(challenger=scores(0.6), champion=scores(0.5), champion_models=theirs.digests)
    found = judged(made, champion(theirs), policy_=by_critic, compared=beside)
    assert outcome("better", found).passed
    of_another = Compared(challenger=scores(0.6), champion=scores(0.5), champion_models=made.digests)
    assert not outcome("better", judged(made, champion(theirs), policy_=by_critic, compared=of_another)).passed


def test_an_evaluation_that_did_not_end_or_misses_a_metric_fails_even_the_first(tmp_path: Path) -> None:
    made = bundle(tmp_path)
    for changes, said in (
        ({"flaws": ("the evaluation did not come to its end",)}, "did not come to its end"),
        ({"scores": {}}, "fit was given to 0 items, 20 are needed"),
        ({"scores": {"fit": scores(0.5)["fit"] | {"item-0": float("nan")}}}, "is not a number"),
        ({"corpus_digest": "d" * 64}, "another corpus"),
    ):
        gate = outcome("evaluation", judged(made, **changes))  # type: ignore[arg-type]
        assert not gate.passed
        assert said in gate.reason


def test_one_failed_test_of_behaviour_refuses_and_an_undecided_one_does_not(tmp_path: Path) -> None:
    made = bundle(tmp_path)

    def behaviour(**how: bool) -> tuple[Behaviour, ...]:
        good = Behaviour(name="paraphrase", passed=True, decided=True, why="")
        return good, Behaviour(name="a red car is redder", why="3 of 9", **how)

    for how, passed in (
        ({"passed": True, "decided": True}, True),
        ({"passed": False, "decided": True}, False),
        ({"passed": False, "decided": False}, True),
    ):
        gate = outcome("behaviour", judged(made, behaviour=behaviour(**how)))
        assert gate.passed is passed
        assert passed or "a red car is redder (3 of 9)" in gate.reason
    wanted = policy(behaviour_tests=3)
    gate = outcome("behaviour", judged(made, policy_=wanted, behaviour=behaviour(passed=True, decided=True)))
    assert gate.reason == "2 tests of behaviour were decided, 3 are needed"


def test_a_panel_may_take_no_longer_than_the_budget_nor_much_longer_than_the_champions(tmp_path: Path) -> None:
    made = bundle(tmp_path)
    budget = policy(costs={"seconds_per_panel": Limit(at_most=5)}, times_champion={"seconds_per_panel": 1.5})
    for ours, theirs, passed in ((1.0, 0.9, True), (6.0, 6.0, False), (1.0, 0.5, False), (None, 0.5, False)):
        costs = {} if ours is None else {"seconds_per_panel": ours}
        found = judged(made, policy_=budget, costs=costs, champion_costs={"seconds_per_panel": theirs})
        assert outcome("costs", found).passed is passed, (ours, theirs)
    assert outcome("costs", judged(made, policy_=budget, costs={"seconds_per_panel": 1.0})).passed


def test_what_people_said_counts_when_enough_of_them_did_about_this_champion(tmp_path: Path) -> None:
    made = bundle(tmp_path)

    def said(**how: object) -> Human:
        usual = {"champion": "1", "comparisons": 40, "people": 4, "win_rate": 0.3, "low": 0.2, "high": 0.4}
        return Human(**(usual | how))  # type: ignore[arg-type]

    for human, passed in (
        (said(), False),
        (said(win_rate=0.45, low=0.35, high=0.55), True),
        (said(comparisons=5), True),
        (said(champion="7"), True),
        (None, True),
    ):
        assert outcome("people", judged(made, champion(made), human=human)).passed is passed


def registered(at: Settings, folder: Path, seed: int = 1, mean: float = 0.5) -> str:
    """A version with all that speaks for it, as the step `promote` keeps it."""
    made = bundle(folder, seed)
    version = registry.register(made, at)
    papers = report(folder / f"papers-{seed}", made, mean)
    registry.attach(version, papers, settings=at)
    return version


def report(folder: Path, made: Bundle, mean: float) -> dict[str, Path]:
    folder.mkdir()
    (folder / "report").mkdir()
    files.write_json(folder / "metrics.json", {"fit": mean})
    files.write_json(folder / "validation.json", {"rows": 5})
    document = {"corpus_digest": made.corpus_digest, "scores": scores(mean, seed=made.num_bytes)}
    files.write_json(folder / "report" / "scores.json", document)
    seal(folder, made)
    (folder / "promotion.yaml").write_text("compare: {metrics: {fit: {}}}\nmax_bytes: 1_000_000")
    named = {name: folder / name for name in ("metrics.json", "validation.json", "promotion.yaml")}
    return named | {"evaluation": folder / "report", "scores.json": folder / "report" / "scores.json"}


def seal(folder: Path, made: Bundle, **changes: object) -> None:
    models = {role: made.digests[role] for role in ROLES}
    value = {"complete": True, "models": models, "settings": made.digests["settings"]}
    listed = {"scores.json": files.digest(folder / "report" / "scores.json")}
    numbers = files.digest_of(json.loads((folder / "metrics.json").read_text()))
    files.write_json(folder / "report" / "evaluation.json", value | {"files": listed, "metrics": numbers} | changes)


def read(folder: Path, made: Bundle) -> Evidence:
    return evidence.read(
        made, report=folder / "report", metrics=folder / "metrics.json", validation=folder / "validation.json"
    )


def test_the_seal_tells_an_evaluation_that_ended_from_one_that_did_not(tmp_path: Path) -> None:
    made, other = bundle(tmp_path, 1), bundle(tmp_path, 2)
    folder = tmp_path / "papers"
    report(folder, made, 0.5)
    assert read(folder, made).flaws == ()
    assert "of another critic" in read(folder, other).flaws[0]
    (folder / "report" / "scores.json").write_text(json.dumps({"corpus_digest": "c", "scores": {"fit": {"a": 9}}}))
    assert read(folder, made).flaws == ("scores.json of the evaluation was altered",)
    seal(folder, made)
    files.write_json(folder / "metrics.json", {"fit": 0.9})
    assert read(folder, made).flaws == ("the evaluation's numbers were altered",)
    seal(folder, made, complete=False)
    assert "did not come to its end" in read(folder, made).flaws[0]
    (folder / "report" / "evaluation.json").unlink()
    assert "did not come to its end" in read(folder, made).flaws[0]


@pytest.mark.parametrize("name", ["metrics.json", "validation.json", "report/scores.json", "report/evaluation.json"])
def test_evidence_that_ends_in_the_middle_is_refused_by_name(tmp_path: Path, name: str) -> None:
    made = bundle(tmp_path)
    report(tmp_path / "papers", made, 0.5)
    path = tmp_path / "papers" / name
    path.write_text(path.read_text()[:-9])
    with pytest.raises(BadInput, match=f"{path.name} is not JSON"):
        read(tmp_path / "papers", made)


def test_an_alias_that_was_moved_by_hand_passes_the_gates_or_is_put_back(at: Settings, tmp_path: Path) -> None:
    first, worse, better = (registered(at, tmp_path, n, mean) for n, mean in ((1, 0.5), (2, 0.4), (3, 0.7)))
    registry.promote(first, at)
    by_hand(at, worse)
    found, notice = judging.settle(at)
    assert found is not None
    assert (found.number, number("champion", at)) == (first, first)
    assert "not worse: worse than the champion" in notice
    refused = registry.find(worse, at)
    assert refused is not None
    assert "not worse" in refused.tags[registry.REFUSED]
    by_hand(at, better)
    found, notice = judging.settle(at)
    assert found is not None
    assert (found.number, notice) == (better, "")
    assert number("previous", at) == first
    assert judging.settle(at)[1] == ""


def test_a_tag_that_says_passed_opens_no_gate(at: Settings, tmp_path: Path) -> None:
    registry.promote(registered(at, tmp_path, 1), at)
    bare = registry.register(bundle(tmp_path, 2), at)
    registry.tag(bare, {"gates": "passed"}, at)
    by_hand(at, bare)
    assert "was never put to the gates" in judging.settle(at)[1]
    with pytest.raises(BadInput, match="was never put to the gates"):
        run("promote", bare)
    assert number("champion", at) == "1"


def test_the_first_champion_made_by_hand_is_taken_away_when_it_does_not_pass(at: Settings, tmp_path: Path) -> None:
    version = registry.register(bundle(tmp_path), at)
    by_hand(at, version)
    found, notice = judging.settle(at)
    assert found is None
    assert "there is no champion" in notice
    assert number("champion", at) is None


def test_moving_the_alias_back_in_mlflow_is_a_rollback(at: Settings, tmp_path: Path) -> None:
    first, second = registered(at, tmp_path, 1), registered(at, tmp_path, 2, 0.7)
    registry.promote(first, at)
    registry.promote(second, at)
    by_hand(at, first)
    found, notice = judging.settle(at)
    assert found is not None
    assert (found.number, notice, number("previous", at)) == (first, "", second)
    left = registry.find(second, at)
    assert left is not None
    assert "moved back in MLflow" in left.tags[registry.ROLLED_BACK]


def test_naming_a_version_previous_first_is_no_way_around_the_gates(at: Settings, tmp_path: Path) -> None:
    registry.promote(registered(at, tmp_path, 1), at)
    worse = registered(at, tmp_path, 2, 0.4)
    by_hand(at, worse, "previous")
    by_hand(at, worse)
    assert "was put back" in judging.settle(at)[1]


@pytest.mark.parametrize("killed_at", range(1, 6))
def test_a_promotion_that_was_killed_is_finished_or_never_happened(
    at: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    from mlflow import MlflowClient

    first, second = registered(at, tmp_path, 1), registered(at, tmp_path, 2, 0.4)  # the second would not pass
    registry.promote(first, at)
    calls = 0
    for name in [name for name in dir(MlflowClient) if name.startswith(("set_", "delete_"))]:
        real = getattr(MlflowClient, name)

        def dies(self: object, *words: object, real: object = real) -> None:
            nonlocal calls
            calls += 1
            if calls == killed_at:
                raise KeyboardInterrupt
            real(self, *words)  # type: ignore[operator]

        monkeypatch.setattr(MlflowClient, name, dies)
    with pytest.raises(KeyboardInterrupt):
        registry.promote(second, at)
    monkeypatch.undo()
    found, notice = judging.settle(at)
    assert found is not None
    assert notice == ""
    assert found.number == (first if killed_at <= 3 else second)
    assert number("champion", at) == found.number
    assert not registry.standing(at).by_hand


def test_a_version_that_failed_in_service_is_withdrawn_once_and_says_why(at: Settings, tmp_path: Path) -> None:
    first, second = registered(at, tmp_path, 1), registered(at, tmp_path, 2)
    registry.promote(first, at)
    registry.promote(second, at)
    assert registry.withdraw(second, "errors: 9 of 30", at) == first
    assert registry.withdraw(second, "errors: 8 of 25", at) == first, "another server finds it too"
    failed = registry.find(second, at)
    assert failed is not None
    assert failed.tags[registry.ROLLED_BACK].startswith("errors")
    assert judging.settle(at)[1] == ""
    assert registry.withdraw(first, "errors", at) == second


def test_the_only_champion_that_fails_leaves_nobody(at: Settings, tmp_path: Path) -> None:
    first = registered(at, tmp_path, 1)
    registry.promote(first, at)
    assert registry.withdraw(first, "errors", at) == ""
    assert registry.champion(at) is None


def test_the_command_lists_shows_promotes_and_rolls_back(
    at: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where no mlflow/promotion.yaml lies
    for seed in (1, 2):
        assert "is champion" in run("promote", registered(at, tmp_path, seed, 0.4 + seed / 10))
    assert "champion" in run("list").splitlines()[1]
    assert json.loads(run("show", "champion"))["version"] == "2"
    assert (Path(run("path", "champion").strip()) / "bundle.json").is_file()
    assert "Version 1 is champion" in run("rollback", "--reason", "the client frowned")
    assert json.loads(run("show", "2"))["rolled_back"] == "the client frowned"
    assert json.loads((at.home / "deployment.json").read_text())["version"] == "1"


def test_a_version_the_gates_refuse_is_promoted_only_with_a_reason(
    at: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    registry.promote(registered(at, tmp_path, 1), at)
    version = registered(at, tmp_path, 2, 0.4)
    with pytest.raises(BadInput, match=r"did not pass the gates \(not worse: worse than the champion"):
        run("promote", version)
    run("promote", version, "--despite", "the demonstration needs it")
    found = registry.find("champion", at)
    assert found is not None
    assert found.tags["promoted_despite"] == "the demonstration needs it"
    assert judging.settle(at)[1] == ""


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


def by_hand(at: Settings, version: str, alias: str = "champion") -> None:
    """As in MLflow's own page."""
    from mlflow import MlflowClient

    MlflowClient(tracking_uri=at.tracking_uri).set_registered_model_alias(registry.MODEL, alias, version)


def stored(at: Settings) -> Path:
    """Where MLflow keeps the files."""
    return Path(at.tracking_uri.removeprefix("sqlite:///")).parent / "artifacts"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output
