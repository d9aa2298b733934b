"""Pages per CPU-second of the crawler, beside Scrapy, on the demonstration site.

    python benchmarks/bench_crawler.py            # about a minute

Both walk the same site on loopback by its links: the same robots.txt, the same spelling of addresses, the same retries,
the same number of connections, no delay, the same fields from each concept page. The crawler has all its safety on,
keeps its journal on disk and removes near-duplicates; Scrapy keeps everything in memory and does none of that. The two
take turns in processes of their own, the server in a third; what is counted is the CPU time from the first request to
the last item, without the start of the interpreter and the imports. The pages and concepts found must be the same.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EDITIONS, CONNECTIONS, RETRIES, ROUNDS = 8, 8, 3, 3


def main() -> None:
    """Run A B A B … and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"pairs of runs (default: {ROUNDS})")
    parser.add_argument("--editions", type=int, default=EDITIONS, help="how often the site repeats itself")
    parser.add_argument("--out", type=Path, help="a JSON file for the figures")
    parser.add_argument("--one", choices=["storywright", "scrapy", "serve"], help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one == "serve":
        _serve(args.editions)
    elif args.one:
        print(json.dumps({"storywright": _storywright, "scrapy": _scrapy}[args.one](args.port)))
    else:
        figures = _compare(args.rounds, args.editions)
        if args.out:
            args.out.parent.mkdir(parents=True, exist_ok=True)
            args.out.write_text(json.dumps(figures, indent=2) + "\n")


def _compare(rounds: int, editions: int) -> dict[str, object]:
    rates: dict[str, list[float]] = {"storywright": [], "scrapy": []}
    for number in range(rounds):
        found = {}
        for name, rate in rates.items():
            # A fresh server for each, because one of its pages is busy for whoever asks first.
            server = subprocess.Popen(
                [sys.executable, __file__, "--one", "serve", "--editions", str(editions)],
                stdout=subprocess.PIPE,
                text=True,
            )
            assert server.stdout is not None
            port = server.stdout.readline().strip()
            try:
                command = [sys.executable, __file__, "--one", name, "--port", port]
                made = subprocess.run(command, check=True, capture_output=True, text=True)
            finally:
                server.terminate()
                server.wait()
            found[name] = json.loads(made.stdout.splitlines()[-1])
            rate.append(len(found[name]["pages"]) / found[name]["cpu_seconds"])
        ours, theirs = found["storywright"], found["scrapy"]
        assert ours["pages"] == theirs["pages"], set(ours["pages"]) ^ set(theirs["pages"])
        assert ours["concepts"] == theirs["concepts"], set(ours["concepts"]) ^ set(theirs["concepts"])
        print(
            f"round {number + 1}: {len(ours['pages']):,} pages, {len(ours['concepts'])} titles; pages per CPU-second: "
            f"storywright {rates['storywright'][-1]:.0f}, Scrapy {rates['scrapy'][-1]:.0f}",
            flush=True,
        )
    ratios = [ours / theirs for ours, theirs in zip(*rates.values(), strict=True)]
    print(f"ratio: {statistics.median(ratios):.2f} (median of {rounds}; {min(ratios):.2f} to {max(ratios):.2f})")
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    return {"ratios": ratios, "pages": len(ours["pages"])} | {
        f"{name} pages a CPU-second": rate for name, rate in rates.items()
    }


def _serve(editions: int) -> None:
    from storywright.sources.demo_site.server import Server

    server = Server(editions=editions)
    print(server.server_port, flush=True)
    server.serve_forever()


def _storywright(port: int) -> dict[str, object]:
    from storywright.sources.demo_site.concepts import PROFILE
    from storywright.sources.web import extraction, harvest, profile
    from storywright.sources.web.crawl import Plan, Site, crawl
    from storywright.sources.web.journal import Journal

    read_by = profile.read(PROFILE).model_copy(update={"sitemap": False})
    plan = Plan(
        sites=(Site(f"http://127.0.0.1:{port}/", read_by),),
        date="2026-11-01",
        delay_seconds=0,
        connections=CONNECTIONS,
        retries=RETRIES,
        loopback=(("127.0.0.1", port),),
    )
    import pandas  # noqa: F401  pyarrow imports it when it is first asked for an array

    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.sqlite")
        started = time.process_time()
        crawl(plan, journal)
        harvest.write_concepts(journal, Path(folder) / "concepts", 0.6)
        took = time.process_time() - started
        pages = sorted(_path(url) for url in journal.fetched())
        titles = {one.title for _, _, made in journal.made("page") for one in extraction.from_json(made)}
    return {"cpu_seconds": took, "pages": pages, "concepts": sorted(titles)}


def _scrapy(port: int) -> dict[str, object]:
    import scrapy
    from scrapy.crawler import CrawlerProcess

    from storywright.sources.demo_site.concepts import PROFILE
    from storywright.sources.web import links, profile

    rules = profile.read(PROFILE)
    start = f"http://127.0.0.1:{port}/"
    pages: set[str] = set()
    items: list[dict[str, str]] = []

    class Spider(scrapy.Spider):
        name = "concepts"
        start_urls = (start,)

        def parse(self, response):
            if not isinstance(response, scrapy.http.HtmlResponse) or response.body[:4] in (b"", b"\x89PNG"):
                return  # says that it is HTML and is not; the crawler refuses it
            pages.add(_path(response.url))
            target = response.url[len(start) - 1 :]
            if rules.holds_concepts(target):
                for place in response.css("article.brief") or [response]:
                    if item := _item(place, response):
                        items.append(item)
            for href in response.css("a::attr(href), area::attr(href)").getall():
                url = links.canonical(href, response.url)
                if url and url.startswith(start) and rules.follows(url[len(start) - 1 :]):
                    yield scrapy.Request(url)

    def _item(place, response):
        if script := response.xpath("//script[@type='application/ld+json']/text()").get():
            thing = json.loads(script)
            return {"title": thing["headline"], "text": thing["text"]}
        item = {}
        for name, alternatives in rules.concepts.fields.items():
            for rule in alternatives:
                found = place.css(rule.css)
                if not found and place is not response:
                    found = response.css(rule.css)
                if rule.attribute:
                    texts = [one.attrib.get(rule.attribute, "") for one in found]
                else:
                    texts = [" ".join(one.xpath("string()").get().split()) for one in found]
                if any(texts):
                    item[name] = rule.join.join(texts) if rule.join else texts[0]
                    break
        return item if item.get("title") and len(item.get("text", "")) >= 60 and "\ufffd" not in item["text"] else None

    process = CrawlerProcess(
        {
            "ROBOTSTXT_OBEY": True,
            "RETRY_TIMES": RETRIES,
            "CONCURRENT_REQUESTS": CONNECTIONS,
            "CONCURRENT_REQUESTS_PER_DOMAIN": CONNECTIONS,
            "DOWNLOAD_DELAY": 0,
            "LOG_LEVEL": "ERROR",
            "TELNETCONSOLE_ENABLED": False,
            "COOKIES_ENABLED": False,
            "USER_AGENT": "storywright",
        }
    )
    process.crawl(Spider)
    started = time.process_time()
    process.start()
    took = time.process_time() - started
    return {"cpu_seconds": took, "pages": sorted(pages), "concepts": sorted({item["title"] for item in items})}


def _path(url: str) -> str:
    return "/" + url.split("/", 3)[3]


if __name__ == "__main__":
    main()
