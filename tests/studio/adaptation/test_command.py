import json

import pytest
from click.testing import CliRunner

from storywright.cli.adapt import adapt
from storywright.errors import BadInput
from storywright.export import html

STORY = "Tom Reed opened the door. Ann Lee waved. “Come in,” said Ann. Tom sat down at the table.\n"
DECLARED = ["--author", "Ann Lee", "--public-domain"]


@pytest.fixture
def run(tmp_path):
    """Run the command in words alone; what a user can put right is raised."""

    def call(*arguments):
        result = CliRunner().invoke(adapt, [*map(str, arguments), "--no-pictures", "--out", str(tmp_path / "out")])
        if result.exception is not None:
            raise result.exception
        return result.output

    return call


@pytest.fixture
def story(tmp_path):
    path = tmp_path / "story.txt"
    path.write_text(STORY, encoding="utf-8")
    return path


def test_rights_are_asked_for_by_naming_the_flags(run, story):
    with pytest.raises(BadInput, match=r"--author NAME and --public-domain"):
        run(story)
    with pytest.raises(BadInput, match=r"--owner and --licence"):
        run(story, "--author", "Ann Lee")


def test_a_declaration_is_read_from_a_file_that_is_named_or_lies_beside(run, story, tmp_path):
    value = {"author": "Ann Lee", "owner": "Ann Lee", "licence": "my own work"}
    (tmp_path / "mine.json").write_text(json.dumps(value))
    run(story, "--rights", tmp_path / "mine.json")
    assert "my own work" in (tmp_path / "out" / "board.json").read_text(encoding="utf-8")
    story.with_name("story.rights.json").write_text(json.dumps(value | {"licence": "by contract"}))
    run(story)
    assert "by contract" in (tmp_path / "out" / "board.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "message"),
    [('{"author": "Ann"', "line 1: this is not JSON"), ("[1]", "JSON object"), ('{"author": "Ann"}', "an owner")],
)
def test_a_declaration_that_cannot_be_used_is_refused(run, story, tmp_path, content, message):
    (tmp_path / "rights.json").write_text(content)
    with pytest.raises(BadInput, match=message):
        run(story, "--rights", tmp_path / "rights.json")


def test_what_was_made_is_printed_for_programs(run, story):
    made = json.loads(run(story, *DECLARED, "--json", "--panels", 2))[0]
    assert made["panels"] == 2
    assert made["events"] >= made["events_shown"] >= 2
    assert made["page"].endswith("index.html")


def test_several_manuscripts_each_get_a_folder_and_a_page(run, story, tmp_path):
    other = story.with_name("other.txt")
    other.write_text(STORY.replace("Tom", "Max"), encoding="utf-8")
    run(story, other, *DECLARED)
    pages = [(tmp_path / "out" / name / "index.html").read_text(encoding="utf-8") for name in ("story", "other")]
    assert ["Tom" in page for page in pages] == [True, False]


def test_a_broken_script_is_refused_with_its_line(run, tmp_path):
    path = tmp_path / "broken.fdx"
    path.write_text('<FinalDraft><Content><Paragraph Type="Action"><Text>Tom runs.</Content></FinalDraft>')
    with pytest.raises(BadInput, match="line 1"):
        run(path, *DECLARED)


def test_wishes_that_contradict_each_other_are_refused(run, story):
    with pytest.raises(BadInput, match="12 panels do not fit into 6 seconds"):
        run(story, *DECLARED, "--seconds", 6, "--panels", 12)


def test_who_stops_a_book_is_told_what_stands_and_goes_on_with_the_same_command(run, tmp_path, monkeypatch):
    book = tmp_path / "book.txt"
    book.write_text("\n\n".join(f"CHAPTER {n}\n\n{STORY * 80}" for n in (1, 2, 3)), encoding="utf-8")
    wished = [book, *DECLARED, "--panels", "1"]
    write = html.write

    def stopped(board, folder, path):
        write(board, folder, path)
        raise KeyboardInterrupt

    monkeypatch.setattr(html, "write", stopped)
    result = CliRunner().invoke(adapt, [*map(str, wished), "--no-pictures", "--out", str(tmp_path / "out")])
    assert result.exit_code == 130
    assert "1 finished boards stand in" in result.stderr and "the same command again" in result.stderr
    first = next((tmp_path / "out").glob("001-*/board.json"))
    before = first.read_bytes()
    monkeypatch.setattr(html, "write", write)
    assert "chapter 3" in run(*wished).lower()
    assert (first.read_bytes(), len(list((tmp_path / "out").glob("*/board.json")))) == (before, 3)
