"""The scrape step, on the demonstration site and on sites that give nothing."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from storywright import files
from storywright.cli import main
from storywright.corpus.schema import CONCEPTS
from storywright.errors import BadInput
from storywright.sources.demo_site.concepts import extras, written
from storywright.sources.demo_site.server import serving
from storywright.steps import contract
from storywright.steps.command import read_params

PARAMS = Path(__file__).parents[2] / "params.yaml"
VALUES = read_params(PARAMS, "demo")["scrape"]


def _run(folder: Path, **changed: object) -> dict[str, float]:
    places = {name: folder / name for name in ("concepts", "rejected", "metrics")}
    return contract.call("scrape", VALUES | changed, outputs=places)


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, float]]:
    os.environ["STORYWRIGHT_TRACKING"] = "off"
    folder = tmp_path_factory.mktemp("scraped")
    return folder, _run(folder)


def test_every_concept_of_the_demonstration_site_arrives_word_for_word(scraped: tuple[Path, dict[str, float]]) -> None:
    rows = pq.read_table(scraped[0] / "concepts").to_pylist()
    by_title = {row["title"]: row for row in rows}
    assert len(rows) == len(by_title) == len(written()) + 1  # and the published draft
    for concept in written():
        row = by_title[concept.title]
        assert " ".join(row["text"].split()) == f"{concept.idea} {concept.scene} {concept.line}", concept.slug
        for name in ("brand", "product", "category", "tone", "language", "licence", "owner"):
            assert row[name] == getattr(concept, name), (concept.slug, name)


def test_the_rows_have_the_schema_of_the_corpus_and_their_rights(scraped: tuple[Path, dict[str, float]]) -> None:
    table = pq.read_table(scraped[0] / "concepts" / "concepts-00000.parquet")
    assert table.schema.equals(CONCEPTS)
    for row in table.to_pylist():
        assert row["source"] == "web"
        assert row["date"] == VALUES["date"]
        assert row["origin"].startswith("http://demo.storywright.example/")
        assert row["licence"]
        assert row["owner"]
    assert len(set(table["concept_id"].to_pylist())) == len(table)


def test_the_numbers_are_those_of_the_site(scraped: tuple[Path, dict[str, float]]) -> None:
    numbers = scraped[1]
    assert numbers["num_duplicates"] == len(extras().printed) + len(extras().near)
    assert numbers["num_malformed"] + numbers["num_refused"] == len(extras().broken)
    assert numbers["num_moved"] == len(extras().moved)
    assert numbers["num_without_licence"] == 0
    assert (numbers["num_forbidden"], numbers["num_failed"], numbers["num_retries"]) == (1, 1, 1)


def test_what_was_rejected_is_named_with_the_reason(scraped: tuple[Path, dict[str, float]]) -> None:
    lines = [json.loads(line) for line in (scraped[0] / "rejected").read_text().splitlines()]
    reasons = {line["origin"].partition(".example/")[2]: line["reason"] for line in lines}
    assert {broken["path"] for broken in extras().broken} <= set(reasons)
    assert "encoding" in reasons["concepts/food/lost-in-migration"]
    assert reasons["drafts/"] == "robots.txt forbids it"


def test_a_killed_step_goes_on_and_ends_with_the_same_bytes(
    scraped: tuple[Path, dict[str, float]], tmp_path: Path
) -> None:
    folder = tmp_path / "factory"
    command = [sys.executable, "-m", "storywright.steps.scrape", "--params", str(PARAMS), "--preset", "demo"]
    for name in ("concepts", "rejected", "metrics"):
        command += ["--output", f"{name}={folder / name}"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    journal = folder / "concepts.part" / ".journal.sqlite-wal"
    while not journal.exists() or journal.stat().st_size < 300_000:
        assert process.poll() is None, "the step was over before it could be killed"
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (folder / "concepts").exists()
    subprocess.run(command, check=True, capture_output=True)
    for name in ("concepts", "rejected"):
        assert files.digest(folder / name) == files.digest(scraped[0] / name)
    assert not list((folder / "concepts").glob(".*"))


def test_a_site_that_refuses_is_explained_and_leaves_the_earlier_result(tmp_path: Path) -> None:
    (tmp_path / "concepts").mkdir()
    (tmp_path / "concepts" / "earlier").touch()
    with pytest.raises(BadInput, match=r"found no concept \(http://10\.0\.0\.1/.*not a public address"):
        _run(tmp_path, sites=["http://10.0.0.1/"])
    assert (tmp_path / "concepts" / "earlier").exists()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"sites": []}, "sites must name"),
        ({"similarity": 1.5}, "similarity"),
        ({"connections": 0}, "connections must be 1 or more"),
        ({"date": "yesterday"}, "date must be a day"),
        ({"pages": 0}, "pages"),
        ({"sites": ["ftp://example.org"]}, "is not a site"),
        ({"loopback": ["8765"]}, "is not a place"),
        ({"profile": "none.yaml"}, "does not exist"),
    ],
)
def test_a_wrong_value_is_named(changed: dict[str, object], expected: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=expected):
        _run(tmp_path, **changed)


def test_the_crawl_command_reads_any_site_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving() as server:
        place = f"127.0.0.1:{server.server_port}"
        arguments = ["material", "crawl", server.address, "--loopback", place, "--delay", "0", "--out", str(tmp_path)]
        arguments += ["--profile", str(server.profile), "--pictures", "--pages", "40"]
        monkeypatch.setattr(sys, "argv", ["storywright", *arguments])
        for _ in range(2):
            with pytest.raises(SystemExit) as ended:
                main()
            assert not ended.value.code
    first, second = re.findall(r"([\d,]+) concepts from ([\d,]+) pages", capsys.readouterr().out)
    assert first == second
    assert int(first[1]) == 40
    pictures = [json.loads(line) for line in (tmp_path / "pictures" / "pictures.jsonl").read_text().splitlines()]
    assert pictures
    ids = set(pq.read_table(tmp_path / "concepts")["concept_id"].to_pylist())
    for picture in pictures:
        assert (tmp_path / "pictures" / picture["file"]).read_bytes().startswith(b"\x89PNG")
        assert picture["licence"]
    assert any(picture["concept_id"] in ids for picture in pictures)


def test_the_crawl_command_explains_a_site_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving() as server:
        monkeypatch.setattr(sys, "argv", ["storywright", "material", "crawl", server.address, "--out", str(tmp_path)])
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code == 2
    assert f"allow it with --loopback 127.0.0.1:{server.server_port}" in capsys.readouterr().err
