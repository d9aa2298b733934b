"""Prometheus' rules as an object of the Prometheus Operator; what is written is committed beside.

python infra/kubernetes/rules.py            write monitoring/rules.yaml from monitoring/prometheus/rules
python infra/kubernetes/rules.py --check    say when it is not what the rules make
"""

import argparse
from pathlib import Path

import yaml

RULES = Path(__file__).parents[2] / "monitoring" / "prometheus" / "rules"
MADE = Path(__file__).parent / "monitoring" / "rules.yaml"
_HEAD = "# Written by infra/kubernetes/rules.py from monitoring/prometheus/rules; change it there.\n"


def main() -> None:
    """Write the object, or check that it is written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when the file is out of date")
    if parser.parse_args().check:
        if not MADE.exists() or MADE.read_text(encoding="utf-8") != text():
            parser.exit(1, "infra/kubernetes/monitoring/rules.yaml is out of date: run infra/kubernetes/rules.py.\n")
        return
    MADE.write_text(text(), encoding="utf-8")


def text() -> str:
    """The object, with every group of every file."""
    groups = [g for path in sorted(RULES.glob("*.yml")) for g in _named(path.stem, yaml.safe_load(path.read_text()))]
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "storywright", "namespace": "storywright"},
        "spec": {"groups": groups},
    }
    return _HEAD + yaml.safe_dump(rule, sort_keys=False, width=120, allow_unicode=True)


def _named(file: str, content: dict[str, list[dict[str, object]]]) -> list[dict[str, object]]:
    """In one object the groups of all files need names of their own."""
    return [group | {"name": f"{group['name']}-{file}"} for group in content["groups"]]


if __name__ == "__main__":
    main()
