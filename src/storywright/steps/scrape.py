"""Collect ad concepts from web sites, politely and safely.

Reads nothing; gives the concepts as Parquet, what was rejected with the reasons, and the numbers. The site `demo` is
the demonstration site that ships with the package; it is served on loopback for as long as the step runs.
"""

import contextlib
import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from storywright import files
from storywright.sources.demo_site.concepts import PROFILE
from storywright.sources.demo_site.server import HOST, serving
from storywright.sources.web import gate, harvest, profile
from storywright.sources.web.crawl import Plan, Site, crawl
from storywright.sources.web.journal import Journal
from storywright.sources.web.limits import Limits
from storywright.steps import command
from storywright.steps.contract import makes

RESUMES = True

DEMO = "demo"
_DEMO_HOST = "demo.storywright.example"
_JOURNAL = ".journal.sqlite"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """What to collect, and how gently."""

    sites: tuple[str, ...]
    """Addresses to start from; `demo` is the demonstration site."""
    profile: str
    """YAML file that says how the sites are read; empty for what pages commonly say. `demo` brings its own."""
    pages: int
    """The most pages from one site."""
    depth: int
    """The most links from a start page or a sitemap."""
    delay_seconds: float
    """Seconds between two fetches from one site; its robots.txt may ask for more. `demo` needs none."""
    connections: int
    """Fetches at once from one site, where no delay is kept."""
    retries: int
    """How often an address is asked again after a failure that may pass."""
    backoff_seconds: float
    """Seconds before the first of those; they double each time."""
    answer_seconds: float
    """Seconds for one whole answer."""
    site_seconds: float
    """Seconds for one site; a crawl that takes longer goes on when the step is run again."""
    body_bytes: int
    """The most bytes of one answer, as they come over the network; twice as many decompressed."""
    similarity: float
    """Texts that share this part of their three-word runs are one concept."""
    contact: str
    """Address or mail for the owners of the sites; it stands in the User-Agent."""
    loopback: tuple[str, ...]
    """Places on this machine that may be fetched from, such as 127.0.0.1:8765."""
    date: str
    """The day that the concepts carry as theirs, such as 2026-11-20."""

    def __post_init__(self) -> None:
        if not self.sites:
            raise ValueError("sites must name at least one address, or demo")
        if not 0 < self.similarity <= 1:
            raise ValueError(f"similarity must lie between 0 and 1, got {self.similarity}")
        for name in ("delay_seconds", "retries", "backoff_seconds"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be 0 or more, got {getattr(self, name)}")
        if self.connections < 1:
            raise ValueError(f"connections must be 1 or more, got {self.connections}")
        try:
            datetime.date.fromisoformat(self.date)
        except ValueError as error:
            raise ValueError(f"date must be a day such as 2026-11-20, got {self.date!r}") from error
        self.limits()

    def limits(self) -> Limits:
        """The bounds for every site and answer."""
        return Limits(
            pages=self.pages,
            depth=self.depth,
            body_bytes=self.body_bytes,
            decoded_bytes=2 * self.body_bytes,
            answer_seconds=self.answer_seconds,
            site_seconds=self.site_seconds,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """Nothing: this is where material comes in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """What is left of a crawl."""

    concepts: Path = makes("concepts")
    """Folder of concepts-NNNNN.parquet."""
    rejected: Path = makes("rejected.jsonl")
    """Each address that gave less than it should have, with the reason."""
    metrics: Path = makes("metrics.json")
    """What was fetched, kept and left out."""


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Crawl the sites and write down what they gave; a killed run goes on where it was."""
    outputs.concepts.mkdir(parents=True, exist_ok=True)
    with _demo(config) as pinned, contextlib.closing(Journal(outputs.concepts / _JOURNAL)) as journal:
        crawl(_plan(config, pinned), journal)
        num_concepts = harvest.write_concepts(journal, outputs.concepts, config.similarity)
        harvest.write_rejected(journal, outputs.rejected)
        harvest.refuse_empty(journal, num_concepts)
        files.write_json(outputs.metrics, harvest.metrics(journal, num_concepts))
    for file in outputs.concepts.glob(f"{_JOURNAL}*"):
        file.unlink()


@contextlib.contextmanager
def _demo(config: Config) -> Iterator[dict[gate.Place, gate.Place]]:
    """Serve the demonstration site, if it is asked for, under a name that is the same in every run."""
    if DEMO not in config.sites:
        yield {}
        return
    with serving() as server:
        yield {(_DEMO_HOST, 80): (HOST, server.server_port)}


def _plan(config: Config, pinned: dict[gate.Place, gate.Place]) -> Plan:
    read_by = profile.read(Path(config.profile)) if config.profile else profile.Profile()
    demo = Site(f"http://{_DEMO_HOST}/", profile.read(PROFILE), delay_seconds=0.0)
    return Plan(
        sites=tuple(demo if site == DEMO else Site(site, read_by) for site in config.sites),
        date=config.date,
        limits=config.limits(),
        delay_seconds=config.delay_seconds,
        connections=config.connections,
        retries=config.retries,
        backoff_seconds=config.backoff_seconds,
        contact=config.contact,
        loopback=tuple(gate.place(text) for text in config.loopback),
        pinned=pinned,
    )


if __name__ == "__main__":
    command.main("scrape")
