"""One document of results that several benchmarks write, each its own section."""

import os
import platform
import re
from pathlib import Path


def put(path: Path, title: str, heading: str, body: str) -> None:
    """Write the section with this heading, in the place where it stood or at the end; the others stay as they are."""
    text = path.read_text(encoding="utf-8") if path.is_file() else f"# {title}\n"
    section = f"## {heading}\n\n{body.strip()}\n"
    found = re.compile(rf"^## {re.escape(heading)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    text = found.sub(lambda _: section + "\n", text) if found.search(text) else f"{text.rstrip()}\n\n{section}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.rstrip() + "\n", encoding="utf-8")


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine() -> str:
    """Where the figures were taken, and how busy it was."""
    load = os.getloadavg()[0]
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f}"
