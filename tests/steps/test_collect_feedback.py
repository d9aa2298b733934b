"""From what people said to pairs that can be learned from."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from storywright.board import Brief, Panel, Product, Storyboard
from storywright.settings import Settings
from storywright.steps import contract
from storywright.studio import workspaces
from storywright.watch import boards, database, feedback
from storywright.watch.boards import Made
from storywright.watch.feedback import Feedback

SCREENING = {
    "burst_words": 60, "burst_seconds": 20.0, "changes": 0.5, "min_judged": 4, "same_place": 5, "min_users": 1,
}  # fmt: skip
VALUES = {"until": "", "num_briefs": 10, "max_share": 1.0, "screening": SCREENING}
Say = Callable[..., None]


@pytest.fixture
def say(own_environment: None) -> Say:
    """Two requests with two boards of two panels each are in the studio; `say` writes feedback about them."""
    at = Settings.from_environment()
    engine = database.engine(at.database_url)
    for number, asked in enumerate(("one", "two")):
        brief = Brief(title=f"Brief {asked}", product=Product(name="Aqua Spark"))
        boards.note(engine, [kept(at, f"{asked}-{n}", asked, brief, 100 * number) for n in (1, 2)])
    told = iter(range(1_000))

    def say(board: str, kind: str, *, panel: str = "", value: str = "", user: str = "mia") -> None:
        number = next(told)
        words = Feedback(
            key=str(number), board=board, panel=panel, kind=kind, value=value, user=user, made_ms=1_000 + number
        )  # type: ignore[arg-type]
        feedback.record(engine, words)

    return say


def kept(at: Settings, name: str, asked: str, brief: Brief, made_ms: int) -> Made:
    folder = at.home / "boards" / name
    (folder / "panels").mkdir(parents=True)
    panels = []
    for number in (1, 2):
        picture = f"panels/0{number}.png"
        Image.new("RGB", (4, 4), (len(name), number, 0)).save(folder / picture)
        action = f"{name} happens {number}."
        panels.append(Panel(id=f"p0{number}", action=action, prompt=f"{name} {number}", picture=picture))
    Storyboard(id=name, title=name, brief=brief, panels=panels).save(folder)
    return Made(id=name, asked=asked, brief=brief, folder=f"boards/{name}", version="3", made_ms=made_ms)


def collected(tmp_path: Path, **values: object) -> tuple[dict[str, float], list[dict]]:
    outputs = {
        "preferences": tmp_path / "preferences",
        "left_out": tmp_path / "left_out.json",
        "prompts": tmp_path / "prompts.jsonl",
        "briefs": tmp_path / "briefs.jsonl",
        "metrics": tmp_path / "m.json",
    }
    contract.call("collect_feedback", VALUES | values, {}, outputs)
    metrics = json.loads(outputs["metrics"].read_text())
    return metrics, pq.read_table(outputs["preferences"]).to_pylist()


def test_without_a_word_the_set_is_empty_and_the_briefs_are_there(say: Say, tmp_path: Path) -> None:
    metrics, pairs = collected(tmp_path)
    assert pairs == []
    assert (metrics["num_choices"], metrics["num_briefs"], metrics["num_users"]) == (0, 2, 0)
    titles = [json.loads(line)["title"] for line in (tmp_path / "briefs.jsonl").read_text().splitlines()]
    assert titles == ["Brief two", "Brief one"]


def test_a_choice_prefers_each_panel_to_the_other_boards_panel_at_the_same_place(say: Say, tmp_path: Path) -> None:
    say("one-2", "choice")
    metrics, pairs = collected(tmp_path)
    assert metrics["num_choices"] == 1
    assert [(pair["chosen_caption"], pair["rejected_caption"]) for pair in pairs] == [
        ("one-2 happens 1.", "one-1 happens 1."),
        ("one-2 happens 2.", "one-1 happens 2."),
    ]
    assert pairs[0]["chosen_picture"] == (Settings.from_environment().home / "boards/one-2/panels/01.png").read_bytes()
    assert sum(pair["weight"] for pair in pairs) == pytest.approx(1)
    assert {pair["version"] for pair in pairs} == {"3"}


def test_more_stars_are_preferred_to_fewer_and_equal_stars_say_nothing(say: Say, tmp_path: Path) -> None:
    say("one-1", "rating", panel="p01", value="2")
    say("one-1", "rating", panel="p02", value="5")
    say("two-1", "rating", panel="p01", value="4")
    say("two-1", "rating", panel="p02", value="4")
    _, pairs = collected(tmp_path)
    assert [(pair["chosen_caption"], pair["rejected_caption"]) for pair in pairs] == [
        ("one-1 happens 2.", "one-1 happens 1.")
    ]


def test_stars_for_whole_boards_compare_the_boards_of_one_request(say: Say, tmp_path: Path) -> None:
    say("one-1", "rating", value="2")
    say("one-2", "rating", value="4")
    say("two-1", "rating", value="1")
    _, pairs = collected(tmp_path)
    assert [(pair["chosen_caption"][:5], pair["rejected_caption"][:5]) for pair in pairs] == [("one-2", "one-1")] * 2


def test_an_edit_prefers_the_new_words_for_the_same_picture(say: Say, tmp_path: Path) -> None:
    say("one-1", "edit", panel="p02", value="Mia laughs.")
    say("one-2", "edit", panel="p02", value="one-2 happens 2.")  # the words it had
    _, pairs = collected(tmp_path)
    assert [(pair["chosen_caption"], pair["rejected_caption"]) for pair in pairs] == [
        ("Mia laughs.", "one-1 happens 2.")
    ]
    assert pairs[0]["chosen_picture"] == pairs[0]["rejected_picture"] != b""


def test_who_changes_their_mind_counts_once_with_the_last_word(say: Say, tmp_path: Path) -> None:
    for board in ("one-1", "one-2", "one-1"):
        say(board, "choice")
    _, pairs = collected(tmp_path)
    assert {pair["chosen_caption"][:5] for pair in pairs} == {"one-1"}
    assert sum(pair["weight"] for pair in pairs) == pytest.approx(1)


def test_a_single_loud_user_weighs_no_more_than_allowed_and_nobody_is_named(say: Say, tmp_path: Path) -> None:
    for board in ("one-1", "two-1"):
        for panel in ("p01", "p02"):
            say(board, "edit", panel=panel, value=f"Buy {board} {panel} now!", user="loud@example.org")
    say("one-1", "choice", user="mia")
    metrics, pairs = collected(tmp_path, max_share=0.25)
    loud = [pair for pair in pairs if pair["kind"] == "edit"]
    assert sum(pair["weight"] for pair in loud) == pytest.approx(0.25 * 5)
    assert metrics["num_users"] == 2
    assert "loud" not in json.dumps([{k: v for k, v in pair.items() if "picture" not in k} for pair in loud])


def test_a_board_whose_folder_is_gone_is_counted_and_the_rest_is_kept(say: Say, tmp_path: Path) -> None:
    import shutil

    say("one-1", "choice")
    say("two-1", "choice")
    shutil.rmtree(Settings.from_environment().home / "boards" / "one-1")
    metrics, pairs = collected(tmp_path)
    assert metrics["num_lost"] == 1
    assert {pair["chosen_caption"][:5] for pair in pairs} == {"two-1"}


def test_the_same_words_give_the_same_bytes_and_new_words_are_noticed(say: Say, tmp_path: Path) -> None:
    say("one-1", "choice")
    collected(tmp_path / "a")
    collected(tmp_path / "b")
    one, two = ((tmp_path / name / "preferences" / "pairs.parquet").read_bytes() for name in "ab")
    assert one == two
    say("two-1", "choice")
    assert collected(tmp_path / "a")[0]["num_choices"] == 2


def test_what_is_said_after_the_asked_moment_waits_for_the_next_set(say: Say, tmp_path: Path) -> None:
    say("one-1", "choice")  # one second after 1970 began
    assert collected(tmp_path, until="1970-01-01T00:00:00.500")[0]["num_choices"] == 0


def test_a_moment_that_is_none_is_refused_by_name(own_environment: None) -> None:
    from storywright.errors import BadInput

    with pytest.raises(BadInput, match="until is a moment such as"):
        contract.config_of("collect_feedback", VALUES | {"until": "yesterday"})


def reasons(tmp_path: Path) -> list[str]:
    return sorted(json.loads((tmp_path / "left_out.json").read_text())["users"].values())


def test_a_burst_that_no_person_types_is_left_out_with_the_reason_and_others_count(say: Say, tmp_path: Path) -> None:
    for number in range(61):
        say("one-1", "edit", panel="p01", value=f"Buy {number}!", user="robot")
    say("two-2", "choice")
    metrics, pairs = collected(tmp_path)
    assert {pair["kind"] for pair in pairs} == {"choice"}
    assert (metrics["num_left_out"], metrics["num_edits"]) == (1, 0)
    assert reasons(tmp_path) == ["burst: more than 60 words within 20 s"]
    assert "robot" not in (tmp_path / "left_out.json").read_text()


def test_who_takes_back_most_of_what_they_say_is_left_out(say: Say, tmp_path: Path) -> None:
    for stars in ("1", "5"):
        for board in ("one-1", "one-2"):
            for panel in ("p01", "p02"):
                say(board, "rating", panel=panel, value=stars, user="wavering")
    say("one-2", "choice")
    _, pairs = collected(tmp_path)
    assert {pair["kind"] for pair in pairs} == {"choice"}
    assert reasons(tmp_path) == ["contradiction: said something else later about 4 of 4 things"]


def test_who_always_takes_what_stands_first_is_left_out(say: Say, tmp_path: Path) -> None:
    at = Settings.from_environment()
    engine = database.engine(at.database_url)
    for number in range(5):
        brief = Brief(title=f"More {number}", product=Product(name="Aqua Spark"))
        boards.note(engine, [kept(at, f"more{number}-{n}", f"more{number}", brief, 500 + number) for n in (1, 2)])
        say(f"more{number}-1", "choice", user="hasty")
        say(f"more{number}-{1 + number % 2}", "choice")
    _, pairs = collected(tmp_path)
    assert len({pair["user"] for pair in pairs}) == 1
    assert {pair["chosen_place"] - pair["rejected_place"] for pair in pairs} == {-1, 1}
    assert reasons(tmp_path) == ["same place: took what stood at place 1 in each of 5 choices"]


def test_one_voice_alone_becomes_nobodys_taste(say: Say, tmp_path: Path) -> None:
    say("one-1", "choice")
    metrics, pairs = collected(tmp_path, screening=SCREENING | {"min_users": 2})
    assert pairs == []
    assert (metrics["num_pairs"], metrics["num_users"]) == (0, 1)
    assert "one user's words alone" in json.loads((tmp_path / "left_out.json").read_text())["why_nothing"]


def test_deleted_words_are_in_no_later_set(say: Say, tmp_path: Path) -> None:
    say("one-1", "choice", user="mia")
    say("two-1", "choice", user="tom")
    feedback.delete(database.engine(Settings.from_environment().database_url), workspace=workspaces.HOME, user="mia")
    _, pairs = collected(tmp_path)
    assert {pair["chosen_caption"][:5] for pair in pairs} == {"two-1"}


def test_each_side_knows_what_was_told_before_it_and_prompts_are_kept_once(say: Say, tmp_path: Path) -> None:
    say("one-2", "choice")
    _, pairs = collected(tmp_path)
    assert [pair["chosen_before"] for pair in pairs] == [[], ["one-2 happens 1."]]
    prompts = [json.loads(line)["prompt"] for line in (tmp_path / "prompts.jsonl").read_text().splitlines()]
    assert sorted(prompts) == sorted(f"{board} {n}" for board in ("one-1", "one-2", "two-1", "two-2") for n in (1, 2))
