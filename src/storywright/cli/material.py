"""`storywright material` and `storywright demo-site`: where what the models learn from comes in."""

import contextlib
import datetime
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from storywright.errors import BadInput, needs_extra

if TYPE_CHECKING:
    from storywright.sources.manuscripts import Manuscript, Passage

_MOST_PASSAGES = 40
_JOURNAL = "journal.sqlite"


@click.group()
def material() -> None:
    """Bring material in: every item with its licence, its owner, where it is from and the date."""


@material.command()
@click.argument("sites", nargs=-1, required=True, metavar="SITE...")
@click.option("--out", type=click.Path(path_type=Path), default=Path("material/web"), show_default=True, help="Folder.")
@click.option("--profile", type=click.Path(path_type=Path), help="YAML file that says how the sites are read.")
@click.option("--pages", type=click.IntRange(1), default=1_000, show_default=True, help="The most pages from a site.")
@click.option("--depth", type=click.IntRange(0), default=8, show_default=True, help="The most links from a start.")
@click.option("--delay", type=click.FloatRange(0), default=1.0, show_default=True, help="Seconds between fetches.")
@click.option(
    "--connections", type=click.IntRange(1), default=4, show_default=True, help="Fetches at once from a site."
)
@click.option("--retries", type=click.IntRange(0), default=3, show_default=True, help="How often to ask again.")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), default=60.0, show_default=True, help="For a site.")
@click.option("--similarity", type=click.FloatRange(0, 1, min_open=True), default=0.6, show_default=True,
              help="Texts that share this part of their three-word runs are one.")  # fmt: skip
@click.option("--pictures", is_flag=True, help="Fetch the pictures that concepts name.")
@click.option("--contact", default="", metavar="MAIL", help="For the sites' owners; it stands in the User-Agent.")
@click.option(
    "--loopback", multiple=True, metavar="HOST:PORT", help="A place of this machine that may be fetched from."
)
@click.option("--date", default=None, metavar="YYYY-MM-DD", help="The date that items carry (default: today).")
def crawl(
    sites: tuple[str, ...],
    out: Path,
    profile: Path | None,
    pages: int,
    depth: int,
    delay: float,
    connections: int,
    retries: int,
    minutes: float,
    similarity: float,
    pictures: bool,
    contact: str,
    loopback: tuple[str, ...],
    date: str | None,
) -> None:
    """Crawl ad concepts from SITEs into OUT/concepts, politely and safely.

    A crawl that was stopped goes on where it was. A finished one that is run again asks each page whether it has
    changed. What gave less than it should have is in OUT/rejected.jsonl, with the reasons.
    """
    with needs_extra("train", "Crawling"):
        from storywright.sources.web import gate, harvest
        from storywright.sources.web import profile as profiles
        from storywright.sources.web.crawl import Plan, Site
        from storywright.sources.web.crawl import crawl as run
        from storywright.sources.web.journal import Journal
        from storywright.sources.web.limits import Limits

    read_by = profiles.read(profile) if profile else profiles.Profile()
    plan = Plan(
        sites=tuple(Site(site, read_by) for site in sites),
        date=_day(date),
        limits=Limits(pages=pages, depth=depth, site_seconds=minutes * 60),
        delay_seconds=delay,
        connections=connections,
        retries=retries,
        contact=contact,
        pictures=pictures,
        loopback=tuple(gate.place(text) for text in loopback),
    )
    with contextlib.closing(Journal(out / _JOURNAL)) as journal:
        run(plan, journal, out / "pictures")
        numbers = harvest.write(journal, out, similarity)
    _report(numbers, out)


@material.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, for programs.")
def manuscript(file: Path, as_json: bool) -> None:
    """Say what is understood of FILE: text, EPUB, XHTML, Fountain or Final Draft.

    What was guessed, such as the encoding, is said as well. Nothing is kept.
    """
    from storywright.sources.manuscripts import read

    read_from = read(file)
    if as_json:
        print(json.dumps({"file": str(file)} | _as_json(read_from), indent=2, ensure_ascii=False))
    else:
        print(*_described(read_from), sep="\n")


@click.command("demo-site")
@click.option("--port", type=click.IntRange(0, 65_535), default=8765, show_default=True, help="0 takes any free one.")
@click.option("--editions", type=click.IntRange(1, 100), default=1, show_default=True,
              help="Repeat the site under further paths, for something longer to crawl.")  # fmt: skip
def demo_site(port: int, editions: int) -> None:
    """Serve the demonstration site of ad concepts to this machine, until Ctrl-C."""
    with needs_extra("train", "The demonstration site"):
        from storywright.sources.demo_site.server import Server

    with Server(port, editions) as server:
        place = f"{server.address.removeprefix('http://').removesuffix('/')}"
        print(f"{len(server.site)} addresses at {server.address}\nIn another terminal:")
        print(f"  storywright material crawl {server.address} --loopback {place} --delay 0 --profile {server.profile}")
        print("Ctrl-C stops.", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


def _day(text: str | None) -> str:
    try:
        return (datetime.date.fromisoformat(text) if text else datetime.date.today()).isoformat()
    except ValueError as error:
        raise BadInput(f"{text!r} is not a date: give it as 2026-11-20.") from error


def _as_json(manuscript: "Manuscript") -> dict[str, object]:
    def told(passage: "Passage") -> dict[str, object]:
        return {
            "title": passage.title,
            "within": passage.within,
            "matter": passage.matter,
            "words": _words_in(manuscript, passage),
            "start": passage.start,
            "end": passage.end,
        }

    return {
        "title": manuscript.title,
        "authors": manuscript.authors,
        "form": manuscript.form,
        "language": manuscript.language,
        "encoding": manuscript.encoding,
        "words": manuscript.num_words,
        "blocks": dict(Counter(block.kind for block in manuscript.blocks)),
        "chapters": [told(chapter) for chapter in manuscript.chapters],
        "scenes": [
            told(scene) | {"place": said.place, "time": said.time_of_day}
            if scene.heading and (said := scene.heading.scene)
            else told(scene)
            for scene in manuscript.scenes
        ],
        "characters": [{"name": name, "speeches": count} for name, count in manuscript.characters],
        "notices": manuscript.notices,
    }


def _described(manuscript: "Manuscript") -> Iterator[str]:
    by = f", by {' and '.join(manuscript.authors)}" if manuscript.authors else ""
    yield f"{manuscript.title}{by}"
    language = {"en": "in English", "ru": "in Russian", "other": "in a language that is neither English nor Russian"}
    yield (
        f"{manuscript.form.capitalize()} {language[manuscript.language]}, {manuscript.num_words:,} words, "
        f"{manuscript.encoding.upper()}"
    )
    divided = manuscript.scenes if manuscript.form == "screenplay" else manuscript.chapters
    chapters = _count(sum(chapter.matter == "body" for chapter in manuscript.chapters), "chapter")
    yield f"{chapters}, {_count(len(manuscript.scenes), 'scene')}:"
    for number, passage in enumerate(divided[:_MOST_PASSAGES], 1):
        around = f"  ({passage.within})" if passage.within else ""
        matter = "" if passage.matter == "body" else f"  [{passage.matter} matter]"
        words = _words_in(manuscript, passage)
        yield f"{number:4}  {passage.title or '(untitled)'}{around}{matter}  {words:,} words"
    if len(divided) > _MOST_PASSAGES:
        yield f"      … and {len(divided) - _MOST_PASSAGES:,} more; --json lists all"
    if manuscript.characters:
        yield "Who speaks: " + ", ".join(f"{name} ({count})" for name, count in manuscript.characters[:_MOST_PASSAGES])
    yield from (f"Notice: {notice}" for notice in manuscript.notices)


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _words_in(manuscript: "Manuscript", passage: "Passage") -> int:
    from storywright.sources.manuscripts import num_words

    return num_words(manuscript.text[passage.start : passage.end])


def _report(numbers: dict[str, float], out: Path) -> None:
    print(
        f"{numbers['num_concepts']:,} concepts from {numbers['num_pages']:,} pages are in {out / 'concepts'}; "
        f"{numbers['num_duplicates']:,} near-duplicates were left out."
    )
    lost = sum(numbers[f"num_{name}"] for name in ("malformed", "forbidden", "refused", "failed"))
    if lost:
        print(f"{lost:,} addresses gave less than they should have; {out / 'rejected.jsonl'} says why.")
    if unlicensed := numbers["num_without_licence"]:
        print(
            f"{unlicensed:,} concepts state no licence, and do not pass validation without one. If you know it, add "
            "`fixed: {licence: …}` under `concepts` in the profile."
        )
