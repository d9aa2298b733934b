"""The Grafana dashboards, written in Python; the JSON beside this file is generated and committed.

python monitoring/grafana/dashboards.py            write the JSON
python monitoring/grafana/dashboards.py --check    say which JSON is not what this file makes
"""

import argparse
from pathlib import Path

from grafana_foundation_sdk.builders import prometheus, stat, timeseries
from grafana_foundation_sdk.builders.common import ReduceDataOptions, VizLegendOptions, VizTooltipOptions
from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable, Row, ThresholdsConfig
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)

FOLDER = Path(__file__).parent
_SOURCE = DataSourceRef(type_val="prometheus", uid="${source}")
_ASKED = 'route!~"/metrics|/healthz|/readyz"'


def main() -> None:
    """Write the dashboards, or check that they are written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when a file is out of date")
    args = parser.parse_args()
    made = dashboards()
    if args.check:
        stale = [name for name, text in made.items() if _text_of(FOLDER / name) != text]
        if stale:
            parser.exit(1, f"Out of date: {', '.join(stale)}. Run `python monitoring/grafana/dashboards.py`.\n")
        return
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def dashboards() -> dict[str, str]:
    """Each dashboard's JSON, by file name."""
    built = {"service.json": _service(), "models.json": _models()}
    return {name: JSONEncoder(sort_keys=True, indent=2).encode(one.build()) + "\n" for name, one in built.items()}


def _service() -> Dashboard:
    """What users feel: is it up, how fast, how often does it fail."""
    return (
        _dashboard("storywright service", "storywright-service")
        .with_row(Row("Now"))
        .with_panel(_number("Up", 'min(up{job="storywright"})', states={"0": "down", "1": "up"}))
        .with_panel(_number("Requests a second", "sum(storywright:requests:rate5m)", unit="reqps"))
        .with_panel(_number("Failing", "max(storywright:errors:ratio_rate5m)", unit="percentunit", bad_from=0.005))
        .with_panel(_number("Waiting at the desk", "sum(storywright_drawing_waiting)", bad_from=12))
        .with_row(Row("Requests"))
        .with_panel(
            _curve(
                "Rate by route",
                "reqps",
                (f"sum by (route) (rate(storywright_http_requests_total{{{_ASKED}}}[5m]))", "{{route}}"),
            )
        )
        .with_panel(_curve("99th percentile by route", "s", ("storywright:request_seconds:p99_5m", "{{route}}")))
        .with_panel(
            _curve(
                "Share that fails",
                "percentunit",
                ("storywright:errors:ratio_rate5m", "5 min"),
                ("storywright:errors:ratio_rate1h", "1 h"),
                ("storywright:errors:ratio_rate6h", "6 h"),
            )
        )
        .with_panel(_curve("Turned away", "reqps", ("rate(storywright_drawing_rejected_total[5m])", "{{kind}}")))
        .with_row(Row("Drawing"))
        .with_panel(
            _curve(
                "Seconds a drawing",
                "s",
                (
                    "histogram_quantile(0.5, sum by (kind, le) (rate(storywright_drawing_seconds_bucket[5m])))",
                    "{{kind}}, half",
                ),
                (
                    "histogram_quantile(0.99, sum by (kind, le) (rate(storywright_drawing_seconds_bucket[5m])))",
                    "{{kind}}, 99 %",
                ),
            )
        )
        .with_panel(
            _curve("Panels a minute", "short", ("60 * sum(rate(storywright_panels_drawn_total[5m]))", "panels"))
        )
        .with_panel(
            _curve(
                "Boards an hour",
                "short",
                ("3600 * sum by (outcome) (rate(storywright_boards_total[1h]))", "{{outcome}}"),
            )
        )
        .with_row(Row("Process"))
        .with_panel(_curve("Memory", "bytes", ('process_resident_memory_bytes{job="storywright"}', "{{instance}}")))
        .with_panel(_curve("CPU", "short", ('rate(process_cpu_seconds_total{job="storywright"}[5m])', "{{instance}}")))
        .with_panel(
            _curve(
                "Seconds to write feedback durably",
                "s",
                ("histogram_quantile(0.99, sum by (le) (rate(storywright_feedback_write_seconds_bucket[5m])))", "99 %"),
            )
        )
    )


def _models() -> Dashboard:
    """What is served, how far it has drifted, what people say, and how old everything is."""
    return (
        _dashboard("storywright drift and models", "storywright-models")
        .with_row(Row("Served"))
        .with_panel(_number("Version", "storywright_model_info", legend="{{version}} ({{origin}})", shows_name=True))
        .with_panel(
            _number("Champion is served", "min(storywright_model_champion_served)", states={"0": "no", "1": "yes"})
        )
        .with_panel(_number("Registry", "min(storywright_registry_up)", states={"0": "away", "1": "answers"}))
        .with_panel(_number("Drifted columns", "count(storywright:drift:ratio > 1) or vector(0)", bad_from=1))
        .with_row(Row("Drift"))
        .with_panel(
            _curve("Distance as a share of the limit", "percentunit", ("storywright:drift:ratio", "{{column}}"))
        )
        .with_panel(
            _curve(
                "Distance",
                "short",
                ("storywright_drift_score", "{{column}}"),
                ("storywright_drift_limit", "{{column}}, limit"),
            )
        )
        .with_panel(_curve("Panels compared", "short", ("storywright_drift_panels", "{{side}}")))
        .with_panel(
            _number("Drift numbers", "min(storywright_drift_readable)", states={"0": "unreadable", "1": "readable"})
        )
        .with_row(Row("Feedback"))
        .with_panel(
            _curve(
                "Words an hour", "short", ("3600 * sum by (kind) (rate(storywright_feedback_total[1h]))", "{{kind}}")
            )
        )
        .with_panel(_curve("Preference pairs in the newest set", "short", ("storywright_feedback_pairs", "pairs")))
        .with_row(Row("Factory"))
        .with_panel(_curve("Age of the last success", "s", ("storywright:step_age:seconds", "{{step}}")))
        .with_panel(
            _curve(
                "Changes of models an hour",
                "short",
                ("3600 * sum by (outcome) (rate(storywright_model_swaps_total[1h]))", "{{outcome}}"),
            )
        )
    )


def _dashboard(title: str, uid: str) -> Dashboard:
    return (
        Dashboard(title)
        .uid(uid)
        .tags(["storywright"])
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("browser")
        .with_variable(DatasourceVariable("source").label("Prometheus").type("prometheus"))
    )


def _number(
    title: str,
    query: str,
    *,
    unit: str = "short",
    states: dict[str, str] | None = None,
    bad_from: float | None = None,
    legend: str = "",
    shows_name: bool = False,
) -> stat.Panel:
    """One number; with `states` its values have names and 0 is bad, with `bad_from` it turns red there."""
    panel = (
        stat.Panel()
        .title(title)
        .datasource(_SOURCE)
        .unit(unit)
        .height(4)
        .span(6)
        .graph_mode(BigValueGraphMode.NONE)
        .color_mode(BigValueColorMode.VALUE)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
        .with_target(_query(query, legend))
    )
    steps = [Threshold(value=None, color="green")]
    if states:
        steps = [Threshold(value=None, color="red"), Threshold(value=1, color="green")]
        panel.mappings([ValueMap({value: ValueMappingResult(text=text) for value, text in states.items()})])
    elif bad_from is not None:
        steps.append(Threshold(value=bad_from, color="red"))
    if shows_name:
        panel.text_mode(BigValueTextMode.NAME)
    return panel.thresholds(ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))


def _curve(title: str, unit: str, *queries: tuple[str, str]) -> timeseries.Panel:
    """Curves over time, each query with its legend."""
    panel = (
        timeseries.Panel()
        .title(title)
        .datasource(_SOURCE)
        .unit(unit)
        .min(0)
        .height(8)
        .span(12)
        .fill_opacity(8)
        .legend(
            VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM).show_legend(True)
        )
        .tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    )
    for query, legend in queries:
        panel.with_target(_query(query, legend))
    return panel


def _query(expression: str, legend: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().datasource(_SOURCE).expr(expression).legend_format(legend or "__auto")


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    main()
