import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from storywright import export
from storywright.board import Panel, Shot, Storyboard
from storywright.errors import BadInput
from storywright.studio import output


@pytest.fixture
def board(tmp_path):
    folder = tmp_path / "board"
    (folder / "panels").mkdir(parents=True)
    panels = []
    for number, move in enumerate(("pan", "static")):
        Image.new("RGB", (96, 54), (90, 120 * number, 200)).save(folder / f"panels/{number}.png")
        panels.append(
            Panel(
                id=f"p{number}",
                shot=Shot(move=move),
                action="Mia waves.",
                voice_over="Hi.",
                seconds=0.8,
                picture=f"panels/{number}.png",
            )
        )
    Storyboard(id="b1", title="Утро: a / day", panels=panels).save(folder)
    return folder


def storywright(*words) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "storywright", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_format_is_written_and_named_by_the_boards_title(board, tmp_path):
    told = []
    made = export.export(board, ["all"], tmp_path / "out", on_file=lambda name, path: told.append((name, path)))
    assert [name for name, _ in told] == list(export.FORMATS)
    assert [path for _, path in told] == made
    assert all(path.stem == "утро-a-day" and path.stat().st_size for path in made)


def test_a_copied_folder_exports_every_format_and_nothing_in_it_changes(board, tmp_path):
    moved = board.rename(tmp_path / "elsewhere")
    before = {path: path.read_bytes() for path in sorted(moved.rglob("*")) if path.is_file()}
    export.export(moved, ["all"], tmp_path / "out")
    assert {path: path.read_bytes() for path in sorted(moved.rglob("*")) if path.is_file()} == before


def test_an_unknown_format_lists_those_that_there_are(board, tmp_path):
    with pytest.raises(BadInput, match=r"There is no format 'docx'; the formats are pdf, png, .*zip, or all of them"):
        export.export(board, ["pdf", "docx"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_can_be_written_is_kept_and_what_cannot_is_said_once_with_its_formats(board, tmp_path):
    (board / "panels/1.png").write_bytes(b"broken")
    with pytest.raises(BadInput) as failed:
        export.export(board, ["pdf", "png", "srt", "csv"], tmp_path / "out")
    assert str(failed.value).startswith("pdf, png: Panel 2 (p1): ")
    assert sorted(path.suffix for path in (tmp_path / "out").iterdir()) == [".csv", ".srt"]


def test_an_output_that_is_a_file_is_refused(board, tmp_path):
    (tmp_path / "out").write_text("here")
    with pytest.raises(BadInput, match="out is a file: name a folder"):
        export.export(board, ["pdf"], tmp_path / "out")


def test_an_output_below_a_file_is_refused(board):
    with pytest.raises(BadInput, match=r"board.json/out"):
        export.export(board, ["srt"], board / "board.json" / "out")


def test_options_reach_the_formats_that_know_them(board, tmp_path):
    made = export.export(board, ["pdf", "srt"], tmp_path / "out", options={"fields": ("action",), "height": 96})
    assert len(made) == 2


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Утро: a / day", "утро-a-day"),
        ("../../etc", "etc"),
        ("???", "b1"),
        ("日本 — x", "日本-x"),
        ("a" * 90, "a" * 60),
    ],
)
def test_a_title_becomes_a_name_that_is_fit_for_any_disk(title, name):
    assert export.stem(Storyboard(id="b1", title=title)) == name


def test_the_command_tells_programs_what_it_made(board, tmp_path):
    done = storywright(
        "export", board, "--to", "mp4,pdf", "--out", tmp_path / "out", "--height", 96, "--voice", "off", "--json"
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [one["format"] for one in told["files"]] == ["pdf", "mp4"]
    assert all(
        (tmp_path / "out" / one["path"].rsplit("/", 1)[1]).stat().st_size == one["bytes"] for one in told["files"]
    )


def test_the_command_says_what_went_wrong_and_what_was_finished(board, tmp_path):
    (board / "panels/1.png").unlink()
    done = storywright("export", board, "--to", "srt,pdf", "--out", tmp_path / "out", "--voice", "off")
    assert done.returncode == 2
    assert done.stdout.splitlines() == [f"{tmp_path}/out/утро-a-day.srt"]
    assert done.stderr.startswith("storywright: pdf: Panel 2 (p1) has the picture panels/1.png, which is not in")


def test_the_command_says_what_the_pages_leave_out(board, tmp_path):
    text = (board / "board.json").read_text().replace("Mia waves.", "Mia waves 🙂.")
    (board / "board.json").write_text(text)
    done = storywright("export", board, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "The fonts cannot write 🙂" in done.stdout


def test_the_formats_can_be_listed_without_a_board():
    done = storywright("export", "--list")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(export.FORMATS)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--per-page", "six"), "is not a number"),
        (("--fields", "colour"), "A panel has no field 'colour'"),
        (("--voice", "nobody", "--to", "mp4"), "There is no engine 'nobody'"),
    ],
)
def test_a_wrong_option_is_refused_with_what_would_be_right(board, tmp_path, words, said):
    done = storywright("export", board, "--out", tmp_path / "out", *words)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("title", "name"), [("CON", "con-b1"), ("lpt1", "lpt1-b1"), ("Console", "console"), ("../x", "x")]
)
def test_a_file_is_called_by_no_device_of_windows_and_leads_nowhere_else(title, name):
    assert export.stem(Storyboard(id="b1", title=title)) == name


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a place where nothing can be made")
def test_a_folder_that_cannot_be_made_is_named_with_the_remedy(board):
    with pytest.raises(BadInput, match=r"/proc/storywright.* cannot be (made|written).*choose another"):
        export.export(board, ["csv"], Path("/proc/storywright"))
    with pytest.raises(BadInput, match=r"/proc/storywright.* cannot be (made|written).*choose another"):
        output.refuse_unwritable(Path("/proc/storywright"))
