"""What is taken in stays in, once, however often and however abruptly one tries."""

import os
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest

from storywright.errors import BadInput
from storywright.sources.stories import storyreasoning
from storywright.sources.stories.intake import Intake
from storywright.sources.stories.story import Rejected, Unit


def digests(makers):
    return {path.name: path.read_bytes() for path in makers.out.glob("*.parquet")}


def test_the_same_source_again_changes_nothing(makers):
    path = makers.reasoning_file(makers.folder / "a.parquet", [makers.reasoning(n) for n in range(3)])
    makers.take(path)
    before = digests(makers)
    counts = makers.take(path)
    assert (counts.stories, counts.unchanged) == (0, 1)
    assert digests(makers) == before


def test_new_material_adds_shards_and_the_old_ones_stay(makers):
    makers.take(makers.reasoning_file(makers.folder / "a.parquet", [makers.reasoning(1)]))
    before = digests(makers)
    makers.take(makers.reasoning_file(makers.folder / "b.parquet", [makers.reasoning(2)]))
    after = digests(makers)
    assert {name: after[name] for name in before} == before
    assert len(after) == 2 * len(before)


def test_the_same_sources_give_the_same_shards(makers):
    path = makers.reasoning_file(makers.folder / "a.parquet", [makers.reasoning(n) for n in range(7)])
    makers.take(path, shard_panels=15)
    first = digests(makers)
    makers.out = makers.folder / "again"
    makers.take(path, shard_panels=15)
    assert digests(makers) == first
    assert sorted(pq.read_metadata(one).num_rows for one in makers.out.glob("panels-*")) == [5, 15, 15]


def test_a_story_that_has_changed_replaces_the_old_one_and_no_other(makers):
    names = ("a.png", "b.png")
    folder = makers.pictures_folder(
        makers.folder / "album", "file_name,caption,story_id\na.png,Old.,s\nb.png,B.,t\n", names
    )
    makers.take(folder)
    makers.pictures_folder(folder, "file_name,caption,story_id\na.png,New.,s\nb.png,B.,t\n", ())
    counts = makers.take(folder)
    assert (counts.stories, counts.unchanged) == (1, 2)
    assert [(one["story_id"], one["caption"]) for one in makers.panels()] == [("album-t", "B."), ("album-s", "New.")]


def test_a_picture_that_was_missing_and_is_there_now_goes_in(makers):
    folder = makers.pictures_folder(makers.folder / "album", "file_name,caption\na.png,Words.\n", ())
    makers.take(folder)
    assert [one["item"] for one in makers.rejected()] == ["a.png"]
    makers.pictures_folder(folder, "file_name,caption\na.png,Words.\n", ("a.png",))
    makers.take(folder)
    assert (len(makers.panels()), makers.rejected()) == (1, [])


def test_a_line_that_was_taken_out_of_the_table_is_not_rejected_any_more(makers):
    folder = makers.pictures_folder(makers.folder / "album", "file_name,caption\na.png,A.\nnone.png,B.\n", ("a.png",))
    makers.take(folder)
    assert len(makers.rejected()) == 1
    makers.pictures_folder(folder, "file_name,caption\na.png,A.\n", ())
    makers.take(folder)
    assert (len(makers.panels()), makers.rejected()) == (1, [])


def test_a_story_of_a_name_that_is_taken_stays_out(makers):
    first = makers.reasoning_file(makers.folder / "a.parquet", [makers.reasoning(1), makers.reasoning(1)])
    makers.take(first, makers.reasoning_file(makers.folder / "b.parquet", [makers.reasoning(1)]))
    assert len(makers.panels()) == 5
    assert [one["reason"].partition(";")[0].split(" is ")[1] for one in makers.rejected()] == [
        "there twice",
        f"also in {first}",
    ]


def test_a_killed_run_goes_on_and_ends_as_if_it_had_not_been_killed(makers):
    path = makers.reasoning_file(makers.folder / "a.parquet", [makers.reasoning(n) for n in range(60)], group=5)
    code = (
        "import sys, time\n"
        "from storywright.sources.stories import intake, sources, storyreasoning\n"
        "from storywright.sources.stories.story import Plan\n"
        "plain = storyreasoning.story_of\n"
        "storyreasoning.story_of = lambda *a: (time.sleep(0.02), plain(*a))[1]\n"
        "plan = Plan(date='2026-11-20', licence='CC-BY-4.0', owner='The studio')\n"
        "with intake.Intake(__import__('pathlib').Path(sys.argv[2]), 25) as taking:\n"
        "    taking.take(sys.argv[1], sources.units(sys.argv[1], plan))\n"
        "    taking.finish()\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(path), str(makers.out)])
    while not (makers.out / "panels-00003.parquet").exists():
        assert child.poll() is None, "it was over before it could be killed"
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    kept = digests(makers)
    counts = makers.take(path, shard_panels=25)
    assert 0 < counts.stories < 60
    resumed = digests(makers)
    # The newest may have been in its place before the ledger knew of it; it is made again.
    assert all(resumed[name] == kept[name] for name in sorted(kept) if not name.endswith(max(kept)[-13:]))
    makers.out = makers.folder / "whole"
    makers.take(path, shard_panels=25)
    assert digests(makers) == resumed


def test_a_shard_that_the_ledger_does_not_know_is_made_again(makers):
    makers.take(makers.reasoning_file(makers.folder / "a.parquet", [makers.reasoning(1)]))
    os.link(makers.out / "panels-00000.parquet", makers.out / "panels-00001.parquet")
    makers.take(makers.reasoning_file(makers.folder / "b.parquet", [makers.reasoning(2)]))
    assert [one["story_id"] for one in makers.panels()] == ["storyreasoning-1"] * 5 + ["storyreasoning-2"] * 5


def test_what_came_before_a_source_broke_off_stays(makers):
    def things(known):
        for number in range(4):
            if f"storyreasoning-{number}" not in known:
                yield storyreasoning.story_of(makers.reasoning(number), "here", makers.plan)
                if number == 1:
                    raise BadInput("The network is gone.")

    unit = Unit(key="hub", fingerprint="1", read=things)
    with pytest.raises(BadInput, match="network"), Intake(makers.out) as intake:
        intake.take("hub", [unit])
    with Intake(makers.out) as intake:
        intake.take("hub", [unit])
        intake.finish()
        assert intake.counts.stories == 2
    assert len(makers.panels()) == 20


def test_a_folder_with_panels_of_another_maker_is_left_alone(makers):
    makers.out.mkdir()
    (makers.out / "panels-00000.parquet").write_bytes(b"precious")
    with pytest.raises(BadInput, match="holds panels that another command has made"):
        Intake(makers.out)
    assert (makers.out / "panels-00000.parquet").read_bytes() == b"precious"


def test_two_runs_at_once_in_one_folder_are_refused(makers):
    with Intake(makers.out), pytest.raises(BadInput, match="is in use"):
        Intake(makers.out)


def test_a_ledger_that_is_none_is_refused_by_name(makers):
    makers.out.mkdir()
    (makers.out / ".ledger.sqlite").write_text("no database at all, but long enough to be looked at as one")
    with pytest.raises(BadInput, match="is no ledger of stories"):
        Intake(makers.out)


def test_thousands_of_rejections_are_written_in_the_order_of_their_coming(makers):
    unit = Unit(key="u", fingerprint="1", read=lambda known: (Rejected(f"{n}", "here", "no") for n in range(21_000)))
    with Intake(makers.out) as intake:
        intake.take("u", [unit])
        intake.finish()
    assert [one["item"] for one in makers.rejected()] == [str(n) for n in range(21_000)]
