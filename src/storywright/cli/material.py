"""`storywright material` and `storywright demo-site`: where what the models learn from comes in."""

import contextlib
import datetime
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from storywright.errors import BadInput, needs_extra

if TYPE_CHECKING:
    from storywright.sources.films.harvest import Counts
    from storywright.sources.manuscripts import Manuscript, Passage

_MOST_PASSAGES = 40
_JOURNAL = "journal.sqlite"
_LONG_CAPTION = 600


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


@material.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("material/stories"), show_default=True, help="Folder."
)
@click.option("--licence", default="", help="Of what names none itself: an SPDX id, or the words of the terms.")
@click.option("--owner", default="", help="Of what names none itself.")
@click.option("--language", default="en", show_default=True, help="Of captions that name none: en or ru.")
@click.option("--longest-px", type=click.IntRange(16, 8_192), default=1_024, show_default=True,
              help="Larger pictures are made smaller.")  # fmt: skip
@click.option("--scene-seconds", type=click.FloatRange(0, min_open=True), default=1.0, show_default=True,
              help="What is shorter in a film is no scene.")  # fmt: skip
@click.option("--most-panels", type=click.IntRange(1, 64), default=16, show_default=True,
              help="A film with more scenes becomes several stories.")  # fmt: skip
@click.option("--date", default=None, metavar="YYYY-MM-DD", help="The date that items carry (default: today).")
def stories(
    sources: tuple[str, ...],
    out: Path,
    licence: str,
    owner: str,
    language: str,
    longest_px: int,
    scene_seconds: float,
    most_panels: int,
    date: str | None,
) -> None:
    """Take stories in pictures from SOURCEs into OUT, where `validate` reads them.

    A SOURCE is daniel3303/StoryReasoning on the Hub, Parquet files of it, a folder with pictures and a metadata.csv
    (file_name, caption; story_id, order and others where there are any), or films, which are cut into scenes.

    What is in already is not taken again; what has changed is taken anew. What could not be taken is in
    OUT/rejected.jsonl, with the reasons.
    """
    with needs_extra("train", "Taking stories in"):
        from storywright.sources.stories import sources as kinds
        from storywright.sources.stories.intake import Intake
        from storywright.sources.stories.story import Plan

    plan = Plan(
        date=_day(date),
        licence=licence,
        owner=owner,
        language=language,
        longest_px=longest_px,
        scene_seconds=scene_seconds,
        most_panels=most_panels,
    )
    if inner := next((one for one in sources if Path(one).resolve() == out.resolve()), None):
        raise BadInput(f"{inner} is where the stories go: name another folder with --out.")
    units = [(source, kinds.units(source, plan)) for source in sources]
    with Intake(out) as intake:
        for source, its in units:
            intake.take(source, its)
        intake.finish()
        counts, totals = intake.counts, intake.totals()
    if not totals["stories"]:
        raise BadInput(f"Not one story could be taken: {_first_reason(out)}.")
    came = f"{counts.stories:,} {'story' if counts.stories == 1 else 'stories'}"
    print(
        f"{came} with {_count(counts.panels, 'panel')} came in; {totals['stories']:,} with {totals['panels']:,} are in "
        f"{out} now."
    )
    _say_rejected(totals["rejected"], out)
    if counts.wordless:
        print(f"{_count(counts.wordless, 'panel')} have no words of their own; they carry the tag `wordless`.")
    if counts.longest_caption > _LONG_CAPTION:
        print(
            f"The longest caption has {counts.longest_caption:,} characters: let validate.max_caption_characters in "
            "params.yaml be no less, or its story goes into quarantine."
        )
    for sentence in kinds.notices(out, counts.terms):
        print(sentence)
    _say_next(out)


@material.command()
@click.argument("source")
@click.argument("films", nargs=-1, metavar="[FILM]...")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("material/films"), show_default=True, help="Folder."
)
@click.option("--list", "listed", type=click.Path(path_type=Path), help="File with a FILM in each line.")
@click.option("--language", default="en", show_default=True, help="Of titles and plots, where a source has several.")
@click.option("--kind", "kinds", multiple=True, default=("movie", "tvMovie"), show_default=True,
              help="Kinds of titles to take from IMDb's tables.")  # fmt: skip
@click.option("--least-votes", type=click.IntRange(0), default=0, show_default=True,
              help="Votes that a film of IMDb's tables must have.")  # fmt: skip
@click.option("--address", help="Another server that answers like the service, such as a cache of your own.")
@click.option("--date", default=None, metavar="YYYY-MM-DD", help="The date that items carry (default: today).")
def films(
    source: str,
    films: tuple[str, ...],
    out: Path,
    listed: Path | None,
    language: str,
    kinds: tuple[str, ...],
    least_votes: int,
    address: str | None,
    date: str | None,
) -> None:
    """Take films in as loglines and genres from SOURCE into OUT.

    SOURCE is a folder with TMDB's export (movies_metadata.csv, keywords.csv, credits.csv), IMDb's tables
    (title.basics.tsv.gz and others) or UCI's data set Movie (main.html); or it is `omdb` or `tmdb`, which are asked for
    each FILM: an id such as tt0114709, or a title such as "Toy Story (1995)". Their keys are in OMDB_API_KEY and in
    TMDB_READ_TOKEN or TMDB_API_KEY. No question is asked twice: the answers are kept in OUT/answers.sqlite.
    """
    with needs_extra("train", "Taking films in"):
        from storywright.sources.films import harvest
        from storywright.sources.films import items as wanted
        from storywright.sources.films import sources as places
        from storywright.sources.films.asking import Cache

    day = _day(date)
    if source not in places.SERVICES:
        for its, found in places.tables(Path(source), language, kinds, least_votes):
            _report_films(its.title, harvest.write(its, found, out, day), out)
        return
    if not films and listed is None:
        raise BadInput(f"Which films? Name some, such as `storywright material films {source} tt0114709`, or --list.")
    with (
        contextlib.closing(Cache(out / "answers.sqlite")) as cache,
        places.service(source, cache, os.environ, address) as asked,
    ):
        its, found = places.answers(source, asked, wanted.items(films, listed), language)
        counts = harvest.write(its, found, out, day)
    print(f"{_count(asked.asked, 'question')} asked, {asked.known:,} answered from what is kept.")
    _report_films(its.title, counts, out)


@material.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--share", is_flag=True, help="Refuse when something made from it may not be passed on.")
@click.option("--sell", is_flag=True, help="Refuse when it may not be used commercially either.")
def rights(folder: Path, share: bool, sell: bool) -> None:
    """Say whose the material in FOLDER is, and what its terms allow.

    With --share or --sell the exit code is 2 when the terms are against it, so that a script can stop before it passes
    on a corpus or a model.
    """
    with needs_extra("train", "Reading tables"):
        from storywright.sources import rights as terms

    found = terms.shares(folder)
    for one in found:
        known = terms.KNOWN.get(one.licence)
        print(f"{one.rows:>12,} rows  {known.name if known else one.licence or 'no licence'}")
        print(f"{'':18}of {'; '.join(one.owners)}, by {', '.join(one.sources)}")
        if known:
            print(f"{'':18}{known.says}")
    if (share or sell) and (against := terms.objections(found, sell=sell)):
        raise BadInput(
            f"What is made from {folder} may not be {'sold' if sell else 'passed on'}: {'; '.join(against)}."
        )


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


def _first_reason(out: Path) -> str:
    with (out / "rejected.jsonl").open(encoding="utf-8") as file:
        first = next(map(json.loads, file), {"origin": "the source", "reason": "it is empty"})
    return f"{first['origin']}: {first['reason']}"


def _say_rejected(count: int, out: Path) -> None:
    if count:
        print(f"{_count(count, 'thing')} could not be taken; {out / 'rejected.jsonl'} says why.")


def _say_next(out: Path) -> None:
    print(f"To learn from them, name {out} under `validate.material` in params.yaml.")


def _report_films(title: str, counts: "Counts", out: Path) -> None:
    print(
        f"{_count(counts.films, 'film')} of {title} {'is' if counts.films == 1 else 'are'} in {out}; "
        f"{counts.loglines:,} have a logline, which `validate` reads as a concept."
    )
    if counts.twice:
        print(f"{_count(counts.twice, 'film')} came twice; the first was kept.")
    _say_rejected(counts.rejected, out)
    print(f"Whose they are and what may be done with them stands in {out / 'NOTICE.md'}.")
    _say_next(out)


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
