"""Draw the dashboards from live data: each panel as Grafana would show it, where the dashboard has it.

    python monitoring/grafana/pictures.py --prometheus http://127.0.0.1:9090 --out docs/dashboards --minutes 60

`make dashboards` does it for the Prometheus of this machine. Grafana's server is not needed: the queries are those of
the dashboards' JSON, and Prometheus answers them.
"""

import argparse
import datetime
import json
import math
import re
import time
from pathlib import Path
from typing import Any

import httpx
import matplotlib as mpl
from matplotlib import dates
from matplotlib import pyplot as plt

mpl.use("Agg")

FOLDER = Path(__file__).parent
_COLUMNS, _ROW_INCHES, _WIDTH_INCHES = 24, 0.42, 14.0
_BACK, _PANEL, _INK, _GRID = "#111217", "#181b1f", "#ccccdc", "#2c3235"
_GOOD, _BAD = "#73bf69", "#f2495c"
_UNITS = {
    "percentunit": (100, " %"),
    "bytes": (1 / 2**20, " MiB"),
    "ms": (1, " ms"),
    "reqps": (1, "/s"),
    "s": (1, " s"),
}


def main() -> None:
    """Draw all dashboards."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prometheus", default="http://127.0.0.1:9090", metavar="URL")
    parser.add_argument("--out", type=Path, default=Path("docs/dashboards"))
    parser.add_argument("--minutes", type=float, default=60.0, help="how far back the curves go")
    asked = parser.parse_args()
    try:
        httpx.get(f"{asked.prometheus}/-/ready", timeout=10).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        parser.exit(2, f"Prometheus at {asked.prometheus} does not answer ({error}): start it, or give its address.\n")
    asked.out.mkdir(parents=True, exist_ok=True)
    for path in sorted(FOLDER.glob("*.json")):
        draw(
            json.loads(path.read_text(encoding="utf-8")),
            asked.prometheus,
            asked.minutes,
            asked.out / f"{path.stem}.webp",
        )


def draw(dashboard: dict[str, Any], prometheus: str, minutes: float, out: Path) -> None:
    """Draw one dashboard."""
    panels = dashboard["panels"]
    height = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in panels) + 2
    figure = plt.figure(figsize=(_WIDTH_INCHES, height * _ROW_INCHES), facecolor=_BACK)
    figure.text(0.012, 1 - 1.2 / height, dashboard["title"], color=_INK, fontsize=15, weight="bold")
    usual = {one["name"]: one.get("query", "") for one in dashboard["templating"]["list"] if one["type"] == "textbox"}
    for panel in panels:
        at = panel["gridPos"]
        place = (
            (at["x"] + 0.2) / _COLUMNS, 1 - (at["y"] + at["h"] + 1.9) / height,
            (at["w"] - 0.4) / _COLUMNS, (at["h"] - 0.3) / height,
        )  # fmt: skip
        if panel["type"] == "row":
            figure.text(place[0], place[1] + 0.2 / height, f"▾ {panel['title']}", color=_INK, fontsize=11)
            continue
        found = []
        for target in panel["targets"]:
            query = re.sub(r"\$(\w+)", lambda name: usual[name[1]], target["expr"])
            found += [(target.get("legendFormat", ""), one) for one in ranged(prometheus, query, minutes)]
        (_number if panel["type"] == "stat" else _curves)(figure, place, panel, found)
    figure.savefig(out, dpi=80, facecolor=_BACK)
    plt.close(figure)


def ranged(prometheus: str, query: str, minutes: float) -> list[dict[str, Any]]:
    """The series that a query gives over the last minutes."""
    end = time.time()
    asked = {"query": query, "start": end - minutes * 60, "end": end, "step": max(1.0, minutes * 60 / 240)}
    answer = httpx.get(f"{prometheus}/api/v1/query_range", params=asked, timeout=60)
    answer.raise_for_status()
    return list(answer.json()["data"]["result"])


def _number(
    figure: Any, place: tuple[float, ...], panel: dict[str, Any], found: list[tuple[str, dict[str, Any]]]
) -> None:
    axes = figure.add_axes(place, facecolor=_PANEL)
    axes.set_xticks([])
    axes.set_yticks([])
    defaults = panel["fieldConfig"]["defaults"]
    axes.set_title(panel["title"], color=_INK, fontsize=9, loc="left", pad=-12, x=0.02)
    text, colour = "No data", _INK
    if found:
        legend, series = found[-1]
        value = float(series["values"][-1][1])
        text = _written(value, defaults.get("unit", ""))
        for mapping in defaults.get("mappings", []):
            text = mapping["options"].get(f"{value:g}", {}).get("text", text)
        if panel["options"].get("textMode") == "name":
            text = _named(legend, series["metric"])
        steps = [step for step in defaults["thresholds"]["steps"] if step["value"] is None or value >= step["value"]]
        colour = _BAD if steps and steps[-1]["color"] == "red" else _GOOD
    axes.text(0.5, 0.42, text, color=colour, fontsize=20, ha="center", va="center", transform=axes.transAxes)


def _curves(
    figure: Any, place: tuple[float, ...], panel: dict[str, Any], found: list[tuple[str, dict[str, Any]]]
) -> None:
    left, bottom, width, height = place
    axes = figure.add_axes((left + 0.035, bottom + 0.25 * height, width - 0.045, 0.6 * height), facecolor=_PANEL)
    axes.set_title(panel["title"], color=_INK, fontsize=9, loc="left")
    scale, unit = _UNITS.get(panel["fieldConfig"]["defaults"].get("unit", ""), (1, ""))
    top = 0.0
    for legend, series in found[:12]:
        moments = [datetime.datetime.fromtimestamp(moment, datetime.UTC) for moment, _ in series["values"]]
        values = [float(value) * scale for _, value in series["values"]]
        top = max([top, *(value for value in values if math.isfinite(value))])
        axes.plot(moments, values, linewidth=1.2, label=_named(legend, series["metric"])[:44])
    axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M:%S"))
    axes.xaxis.set_major_locator(mpl.dates.AutoDateLocator(maxticks=6))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}{unit}")
    axes.set_ylim(0, 1.08 * top or 1)
    axes.tick_params(colors=_INK, labelsize=7)
    axes.grid(color=_GRID, linewidth=0.6)
    for side in axes.spines.values():
        side.set_color(_GRID)
    if found:
        axes.legend(
            loc="upper left", bbox_to_anchor=(0, -0.2), ncols=4, fontsize=6.5, frameon=False, labelcolor=_INK,
            columnspacing=1.0, handlelength=1.2,
        )  # fmt: skip
    else:
        axes.text(0.5, 0.5, "No data", color=_INK, ha="center", va="center", transform=axes.transAxes)


def _named(legend: str, labels: dict[str, str]) -> str:
    if legend in ("", "__auto"):
        return ", ".join(f"{name}={value}" for name, value in labels.items() if name != "__name__") or "value"
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda name: labels.get(name[1], ""), legend)


def _written(value: float, unit: str) -> str:
    if unit == "s" and value >= 120:
        return f"{value / 86_400:.1f} d" if value >= 86_400 else f"{value / 60:.0f} min"
    scale, word = _UNITS.get(unit, (1, " Wh" if unit == "watth" else ""))
    return f"{value * scale:.3g}{word}"


if __name__ == "__main__":
    main()
