import json
from pathlib import Path

from click.testing import CliRunner

from storywright.cli.material import material

SCRIPT = (
    "Title: Rain\nAuthor: Ann Lee\n\n# Act One\n\nINT. KITCHEN - DAY\n\nANNA\nIt rains.\n\n"
    "EXT. STREET - NIGHT\n\nBEN\nIt does.\n"
)


def printed(*words: str) -> str:
    done = CliRunner().invoke(material, ["manuscript", *words], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_it_says_what_was_understood(tmp_path: Path) -> None:
    path = tmp_path / "a.fountain"
    path.write_bytes(SCRIPT.encode("utf-16"))
    said = printed(str(path))
    for words in (
        "Rain, by Ann Lee",
        "Screenplay in English",
        "UTF-16-LE",
        "2 scenes",
        "EXT. STREET - NIGHT  (Act One)",
        "ANNA (1), BEN (1)",
    ):
        assert words in said


def test_programs_get_json(tmp_path: Path) -> None:
    path = tmp_path / "a.fountain"
    path.write_text(SCRIPT)
    said = json.loads(printed(str(path), "--json"))
    assert (said["form"], said["language"], said["words"]) == ("screenplay", "en", 14)
    assert [(scene["place"], scene["time"]) for scene in said["scenes"]] == [("KITCHEN", "day"), ("STREET", "night")]
    assert said["characters"] == [{"name": "ANNA", "speeches": 1}, {"name": "BEN", "speeches": 1}]
