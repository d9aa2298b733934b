"""Writes the tables of these READMEs from what they describe: `python terraform/documents.py [--check]`.

Each module's README gets its variables and outputs, README.md here the estimated costs of each environment. The code is
read as text in the form that `terraform fmt` gives it; nothing is known of Terraform beyond that.
"""

import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent
_GENERATED = re.compile(r"(<!-- (\w+): documents\.py writes this -->\n).*?(<!-- end -->)", re.DOTALL)
_BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.DOTALL | re.MULTILINE)
_DESCRIPTION = re.compile(r'^  description = "(.*)"$', re.MULTILINE)
_TYPE = re.compile(r"^  type += (.+?)(?=^  \w|^$|\Z)", re.DOTALL | re.MULTILINE)
_DEFAULT = re.compile(r"^  default += (.+?)(?=^  \w|^$|\Z)", re.DOTALL | re.MULTILINE)


def main(words: list[str]) -> int:
    """Write what differs, or with --check say what does."""
    stale = []
    for readme in [ROOT / "README.md", *sorted(ROOT.glob("modules/*/README.md"))]:
        before = readme.read_text(encoding="utf-8")
        after = _GENERATED.sub(lambda found, of=readme.parent: found[1] + _table(found[2], of) + found[3], before)
        if after != before:
            stale.append(readme)
            if "--check" not in words:
                readme.write_text(after, encoding="utf-8")
    says = "is out of date: run python terraform/documents.py" if "--check" in words else "written"
    sys.stdout.writelines(f"{readme.relative_to(ROOT.parent)} {says}\n" for readme in stale)
    return 1 if stale and "--check" in words else 0


def _table(kind: str, folder: Path) -> str:
    if kind == "costs":
        return _costs(yaml.safe_load((folder / "costs.yaml").read_text(encoding="utf-8")))
    if kind == "variables":
        rows = [
            (name, _type(block), _default(block), _said(name, block)) for name, block in _blocks(folder, "variable")
        ]
        return _rows(("variable", "type", "default", "what it says"), rows)
    rows = [(name, _said(name, block)) for name, block in _blocks(folder, "output")]
    return _rows(("output", "what it is"), rows)


def _blocks(folder: Path, kind: str) -> list[tuple[str, str]]:
    code = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.tf")))
    return [(f"`{name}`", block) for found, name, block in _BLOCK.findall(code) if found == kind]


def _said(name: str, block: str) -> str:
    if not (found := _DESCRIPTION.search(block)):
        raise SystemExit(f"{name} has no description")
    return found[1].replace('\\"', '"').replace("|", "\\|")


def _type(block: str) -> str:
    if not (found := _TYPE.search(block)):
        raise SystemExit(f"a variable has no type:\n{block}")
    word = found[1].split("(")[0].strip()
    return f"`{word}`" if "\n" in found[1].strip() or "object" in found[1] else f"`{found[1].strip()}`"


def _default(block: str) -> str:
    if not (found := _DEFAULT.search(block)):
        return "asked for"
    return f"`{' '.join(found[1].split())}`"


def _costs(costs: dict[str, Any]) -> str:
    rows, sums = [], {"dev": 0.0, "prod": 0.0}
    for line in costs["lines"]:
        for environment, named in line.get("named", {}).items():
            if named not in (ROOT / "envs" / environment / "main.tf").read_text(encoding="utf-8"):
                raise SystemExit(f"costs.yaml prices {named}, which envs/{environment}/main.tf does not have")
        amounts = {environment: line["price"] * line[environment] for environment in sums}
        sums = {environment: sums[environment] + amounts[environment] for environment in sums}
        units = " / ".join(f"{line[environment]:,}" for environment in sums)
        rows.append(
            (line["what"], f"{line['price']:g} per {line['unit']}", units, *(f"{a:,.0f}" for a in amounts.values()))
        )
    rows.append(("**together**", "", "", *(f"**{total:,.0f}**" for total in sums.values())))
    head = ("what", "USD", "used in dev / prod", "dev, USD a month", "prod, USD a month")
    return _rows(head, rows) + f"\nPrices as of {costs['as_of']}.\n"


def _rows(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
