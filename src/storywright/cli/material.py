"""`storywright material` and `storywright demo-site`: where what the models learn from comes in."""

import contextlib
import datetime
from pathlib import Path

import click

from storywright.errors import BadInput, needs_extra

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
