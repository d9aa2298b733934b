"""The data docs as they are kept: Great Expectations' pages, the same for the same corpus, and a front page.

Great Expectations' own front page is drawn by scripts from the network; ours needs none, and says first what was
found. Its other pages are made to read well without a network too.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from storywright import files
from storywright.corpus.quarantine import Quarantine

_UNIQUE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MOMENT = re.compile(r"(?<=>)\d{8}T\d{6}\.\d+Z")
_REMOTE_LOGO = re.compile(r"https://great-expectations-web-assets[^\"]+/(logo-long\.png)[^\"]*")
_RESULTS = "validations/*/*/*/*.html"
_NEWSLETTER = re.compile(r"<footer\b.*?</footer>", re.DOTALL)


def settle(site: Path) -> None:
    """Take out of the pages what differs from run to run, and what asks the network for more than looks."""
    for page in sorted(site.rglob("*.html")):
        numbers = itertools.count()
        names: dict[str, str] = {}
        html = page.read_text(encoding="utf-8")
        html = _UNIQUE.sub(lambda found: names.setdefault(found[0], f"block-{next(numbers)}"), html)  # noqa: B023
        static = "../" * (len(page.relative_to(site).parts) - 1) + "static"
        html = _REMOTE_LOGO.sub(rf"{static}/images/\1", _MOMENT.sub("", html))
        html = _NEWSLETTER.sub("", html).replace("</head>", f"<style>{_OFFLINE}</style></head>", 1)
        page.write_text(html, encoding="utf-8")


def write_front(site: Path, rows: Mapping[str, tuple[int, int]], faults: list[str], quarantine: Quarantine) -> None:
    """Write `index.html`: the verdict, the rules that were broken, and where each piece's page is.

    `rows` gives for each table how many rows were seen and how many of them are bad.
    """
    verdict = "".join(f"<p class=bad>{escape(fault)}</p>" for fault in faults) or "<p class=good>The corpus is fit.</p>"
    seen = [(table, f"{total:,}", f"{bad:,}", f"{bad / max(total, 1):.2%}") for table, (total, bad) in rows.items()]
    broken = [
        (table, rule, f"{count:,}", quarantine.examples[table, rule])
        for (table, rule), count in sorted(quarantine.counts.items(), key=lambda one: (-one[1], one[0]))
    ]
    unread = [(name, f"{size:,}", reason) for name, size, _, reason in sorted(quarantine.files)]
    parts = [
        verdict,
        _table("Rows", ("table", "rows", "in quarantine", "share"), seen),
        _table("Rules that were broken", ("table", "rule", "rows", "for example"), broken) if broken else "",
        _table("Files that could not be read", ("file", "bytes", "why"), unread) if unread else "",
        _links("The rules", {page.stem: page for page in site.glob("expectations/*.html")}, site),
        _links("Every check, piece by piece", {page.parts[-3]: page for page in site.glob(_RESULTS)}, site),
    ]
    style = f"<meta charset=utf-8><title>Is the corpus fit?</title><style>{_OFFLINE}</style>"
    files.write_text(site / "index.html", f"<!doctype html>{style}<h1>Is the corpus fit?</h1>{''.join(parts)}\n")


def _table(title: str, head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>" for line in lines)
    return f"<h2>{title}</h2><table><tr>{''.join(f'<th>{name}</th>' for name in head)}</tr>{rows}</table>"


def _links(title: str, pages: Mapping[str, Path], site: Path) -> str:
    lines = (
        f'<li><a href="{quote(pages[name].relative_to(site).as_posix())}">{escape(name)}</a>' for name in sorted(pages)
    )
    return f"<h2>{title}</h2><ul>{''.join(lines)}</ul>"


_OFFLINE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse;margin:.5em 0 1em}
td,th{border:1px solid #ccc;padding:.3em .6em;text-align:left;vertical-align:top}
h1,h2,h3,h4,h5,h6{line-height:1.2;margin:1.2em 0 .4em}a{color:#0b5cad}
i.text-success::before{content:"\\2713";color:#14662b}i.text-danger::before{content:"\\2717";color:#a11}
.good{color:#14662b;font-weight:600}.bad{color:#a11;font-weight:600}.card-body.collapse{margin:.5em 0}
"""
