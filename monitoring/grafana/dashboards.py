"""The Grafana dashboards, written in Python; the JSON beside this file is generated and committed.

python monitoring/grafana/dashboards.py            write the JSON
python monitoring/grafana/dashboards.py --check    say which JSON is not what this file makes
"""

import argparse
from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from panels import curve, dashboard, number, price

FOLDER = Path(__file__).parent
_ASKED = 'http_route!~"/metrics|/healthz|/readyz"'
_REQUESTS = f"http_server_request_duration_seconds_count{{{_ASKED}}}"
_CPU_SECONDS = (
    'sum(rate(process_cpu_seconds_total{job="storywright"}[1h]) + rate(storywright_drawing_cpu_seconds_total[1h]))'
)
_PANELS = "sum(rate(storywright_panels_drawn_total[1h]))"


def main() -> None:
    """Write the dashboards, or check that they are written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when a file is out of date")
    args = parser.parse_args()
    made = dashboards()
    if args.check:
        stale = {name for name, text in made.items() if _text_of(FOLDER / name) != text}
        stale |= {path.name for path in FOLDER.glob("*.json")} - made.keys()
        if stale:
            named = ", ".join(sorted(stale))
            parser.exit(1, f"Out of date: {named}. Run `python monitoring/grafana/dashboards.py`.\n")
        return
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def dashboards() -> dict[str, str]:
    """Each dashboard's JSON, by file name."""
    built = {
        "service.json": _service(),
        "quality.json": _quality(),
        "drift.json": _drift(),
        "factory.json": _factory(),
        "cost.json": _cost(),
    }
    return {name: JSONEncoder(sort_keys=True, indent=2).encode(one.build()) + "\n" for name, one in built.items()}


def _service() -> Dashboard:
    return (
        dashboard(
            "storywright service",
            "storywright-service",
            "What users feel: is it up, how fast is it, how often does it fail, how much waits.",
        )
        .with_row(Row("Now"))
        .with_panel(number("Up", 'min(up{job="storywright"})', states={"0": "down", "1": "up"}))
        .with_panel(number("Requests a second", "sum(storywright:requests:rate5m)", unit="reqps"))
        .with_panel(number("Failing", "max(storywright:errors:ratio_rate5m)", unit="percentunit", bad_from=0.005))
        .with_panel(number("The probe makes boards", "min(storywright_probe_success)", states={"0": "no", "1": "yes"}))
        .with_row(Row("Requests"))
        .with_panel(curve("Rate by route", "reqps", (f"sum by (http_route) (rate({_REQUESTS}[5m]))", "{{http_route}}")))
        .with_panel(curve("99th percentile by route", "s", ("storywright:request_seconds:p99_5m", "{{http_route}}")))
        .with_panel(
            curve(
                "Share that fails",
                "percentunit",
                ("storywright:errors:ratio_rate5m", "5 min"),
                ("storywright:errors:ratio_rate1h", "1 h"),
                ("storywright:errors:ratio_rate6h", "6 h"),
                says="The objective is 0.5 % over 30 days.",
            )
        )
        .with_panel(
            curve(
                "Answers by status",
                "reqps",
                (
                    f"sum by (http_response_status_code) (rate({_REQUESTS}[5m]))",
                    "{{http_response_status_code}}",
                ),
            )
        )
        .with_row(Row("Waiting"))
        .with_panel(
            curve(
                "Orders that wait or are drawn",
                "short",
                ("sum(storywright_drawing_waiting)", "orders and boards"),
                ("sum by (kind, state) (storywright_jobs_open)", "{{kind}}, {{state}}"),
            )
        )
        .with_panel(
            curve(
                "Seconds of drawing ahead",
                "s",
                ("max by (instance) (storywright_drawing_ahead_seconds)", "{{instance}}"),
                says="Above 20 s people are turned away.",
            )
        )
        .with_panel(
            curve(
                "Turned away",
                "reqps",
                ("sum by (kind, reason) (rate(storywright_drawing_rejected_total[5m]))", "{{kind}}, {{reason}}"),
            )
        )
        .with_panel(
            curve(
                "Jobs an hour",
                "short",
                ("3600 * sum by (kind, outcome) (rate(storywright_jobs_total[1h]))", "{{kind}}, {{outcome}}"),
            )
        )
        .with_row(Row("Drawing"))
        .with_panel(
            curve(
                "Seconds by stage, 95 %",
                "s",
                (
                    "histogram_quantile(0.95, sum by (stage, le) (rate(storywright_drawing_stage_seconds_bucket[5m])))",
                    "{{stage}}",
                ),
            )
        )
        .with_panel(
            curve(
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
            curve(
                "Pictures drawn together",
                "short",
                (
                    "sum(rate(storywright_drawing_batch_pictures_sum[5m]))"
                    " / sum(rate(storywright_drawing_batch_pictures_count[5m]))",
                    "in a batch",
                ),
            )
        )
        .with_panel(curve("Panels a minute", "short", ("60 * sum(rate(storywright_panels_drawn_total[5m]))", "panels")))
        .with_row(Row("The probe, and writing"))
        .with_panel(curve("Seconds until the probe's board", "s", ("storywright_probe_seconds", "{{instance}}")))
        .with_panel(
            curve(
                "Seconds to write feedback durably",
                "s",
                ("histogram_quantile(0.99, sum by (le) (rate(storywright_feedback_write_seconds_bucket[5m])))", "99 %"),
            )
        )
    )


def _quality() -> Dashboard:
    return (
        dashboard(
            "storywright studio quality",
            "storywright-quality",
            "What people think of what the studio makes, and whether the boards that they asked for were made.",
        )
        .with_row(Row("Now"))
        .with_panel(
            number(
                "Liked this week",
                'max(storywright_feedback_win_rate{window="week"})',
                unit="percentunit",
                says="Of the boards that somebody judged, the share that was chosen or got four stars or more; "
                "each person has one voice.",
            )
        )
        .with_panel(
            number("Liked this month", 'max(storywright_feedback_win_rate{window="month"})', unit="percentunit")
        )
        .with_panel(number("Boards judged this week", 'max(storywright_feedback_boards{window="week"})'))
        .with_panel(number("People who judged", 'max(storywright_feedback_people{window="week"})'))
        .with_row(Row("Opinions"))
        .with_panel(
            curve(
                "Liked, by window",
                "percentunit",
                ("max by (window) (storywright_feedback_win_rate)", "{{window}}"),
            )
        )
        .with_panel(
            curve(
                "Liked, by the version that made it",
                "percentunit",
                ("max by (version) (storywright_feedback_version_win_rate)", "version {{version}}"),
            )
        )
        .with_panel(
            curve("Words an hour", "short", ("3600 * sum by (kind) (rate(storywright_feedback_total[1h]))", "{{kind}}"))
        )
        .with_panel(
            curve(
                "Boards an hour",
                "short",
                ("3600 * sum by (outcome) (rate(storywright_boards_total[1h]))", "{{outcome}}"),
            )
        )
        .with_row(Row("Blind comparison"))
        .with_panel(
            curve(
                "The challenger is preferred",
                "percentunit",
                ("max by (bound) (storywright_comparison_win_rate)", "{{bound}}"),
                says="In the newest blind comparison with the champion: how often, and the 95 % interval.",
            )
        )
        .with_panel(
            curve(
                "Answers that count",
                "short",
                ("max(storywright_comparison_answers)", "answers"),
                ("max(storywright_comparison_people)", "people"),
            )
        )
        .with_row(Row("What is learned from"))
        .with_panel(
            curve("Words that wait to be learned from", "short", ("max(storywright_feedback_waiting)", "words"))
        )
        .with_panel(curve("Age of the oldest of them", "s", ("max(storywright_feedback_lag_seconds)", "age")))
        .with_panel(curve("Preference pairs in the newest set", "short", ("max(storywright_feedback_pairs)", "pairs")))
        .with_panel(
            curve(
                "Minutes until a job is done, 95 %",
                "m",
                (
                    "histogram_quantile(0.95, sum by (kind, le) (rate(storywright_job_seconds_bucket[1h]))) / 60",
                    "{{kind}}",
                ),
            )
        )
    )


def _drift() -> Dashboard:
    return (
        dashboard(
            "storywright drift and data",
            "storywright-drift",
            "How far what is asked for, drawn and said lies from what the models learned from.",
        )
        .with_row(Row("Now"))
        .with_panel(number("Drifted columns", "count(storywright:drift:ratio > 1) or vector(0)", bad_from=1))
        .with_panel(
            number("Drift numbers", "min(storywright_drift_readable)", states={"0": "unreadable", "1": "readable"})
        )
        .with_panel(
            number("Measured", 'max(storywright:step_age:seconds{step="monitor"})', unit="s", bad_from=8 * 86_400)
        )
        .with_panel(number("Age of the data", "min(storywright:data_age:seconds)", unit="s", bad_from=90 * 86_400))
        .with_row(Row("Distance as a share of the limit"))
        .with_panel(
            curve("Panels", "percentunit", ('storywright:drift:ratio{column!~"brief_.*|said_.*"}', "{{column}}"))
        )
        .with_panel(curve("Briefs", "percentunit", ('storywright:drift:ratio{column=~"brief_.*"}', "{{column}}")))
        .with_panel(curve("Feedback", "percentunit", ('storywright:drift:ratio{column=~"said_.*"}', "{{column}}")))
        .with_panel(curve("Rows compared", "short", ("storywright_drift_rows", "{{what}}, {{side}}")))
        .with_row(Row("Distance"))
        .with_panel(curve("Measured", "short", ("storywright_drift_score", "{{column}}")))
        .with_panel(curve("Limits", "short", ("storywright_drift_limit", "{{column}}")))
    )


def _factory() -> Dashboard:
    return (
        dashboard(
            "storywright pipelines and models",
            "storywright-factory",
            "What is served, what it was made from, and how the pipelines that make it are doing.",
        )
        .with_row(Row("Served"))
        .with_panel(number("Version", "storywright_model_info", legend="{{version}} ({{origin}})", shows_name=True))
        .with_panel(
            number("Champion is served", "min(storywright_model_champion_served)", states={"0": "no", "1": "yes"})
        )
        .with_panel(number("Registry", "min(storywright_registry_up)", states={"0": "away", "1": "answers"}))
        .with_panel(number("Its files", "min(storywright_deployment_whole)", states={"0": "gone", "1": "whole"}))
        .with_row(Row("A new version on its way"))
        .with_panel(
            curve(
                "Share of the pictures, by version",
                "percentunit",
                ("storywright:model_pictures:share_1h", "version {{version}}"),
                says="Of what users got in an hour; what is drawn a second time in the shadow is not counted.",
            )
        )
        .with_panel(
            curve(
                "Share of the users, by version",
                "percentunit",
                ("avg by (version) (storywright_model_share)", "version {{version}}"),
                says="As the stage of the rollout says, over all servers.",
            )
        )
        .with_row(Row("Models"))
        .with_panel(
            curve(
                "Changes of models an hour",
                "short",
                ("3600 * sum by (outcome) (rate(storywright_model_swaps_total[1h]))", "{{outcome}}"),
            )
        )
        .with_panel(
            curve(
                "Versions gone back from, in an hour",
                "short",
                ("sum by (reason) (increase(storywright_model_rollbacks_total[1h]))", "{{reason}}"),
                says="By the server itself, because a new version did worse than the one before.",
            )
        )
        .with_panel(
            curve(
                "Drawing processes started again, in an hour",
                "short",
                ("sum(increase(storywright_drawing_restarts_total[1h]))", "restarts"),
            )
        )
        .with_row(Row("Pipelines"))
        .with_panel(
            curve(
                "Age of a pipeline's last success",
                "s",
                ("max by (pipeline) (storywright:pipeline_age:seconds)", "{{pipeline}}"),
            )
        )
        .with_panel(curve("Age of a step's last success here", "s", ("storywright:step_age:seconds", "{{step}}")))
        .with_panel(
            curve(
                "How long it took", "s", ("max by (pipeline) (storywright_pipeline_duration_seconds)", "{{pipeline}}")
            )
        )
        .with_panel(
            curve("Last run failed", "short", ("max by (pipeline) (storywright_pipeline_failed)", "{{pipeline}}"))
        )
        .with_row(Row("What is watched"))
        .with_panel(curve("Sources that answer", "short", ("min by (source) (storywright_source_up)", "{{source}}")))
        .with_panel(curve("Age of the data", "s", ("min(storywright:data_age:seconds)", "since it was prepared")))
    )


def _cost() -> Dashboard:
    return (
        dashboard(
            "storywright cost",
            "storywright-cost",
            "What a panel and a request cost in processor time, memory, energy and money, at the prices above.",
        )
        .with_variable(price("core_hour", "Price of a core-hour", "0.04"))
        .with_variable(price("gpu_hour", "Price of a GPU-hour", "2.00"))
        .with_row(Row("Now"))
        .with_panel(number("CPU seconds a panel", f"{_CPU_SECONDS} / {_PANELS}", unit="s"))
        .with_panel(
            number(
                "Money for 1,000 panels",
                f"1000 * ($core_hour / 3600 * {_CPU_SECONDS}"
                f" + $gpu_hour / 3600 * (count(storywright_gpu_memory_total_bytes) or vector(0))) / {_PANELS}",
                says="Processor time that was used, and GPUs whether they were used or not.",
            )
        )
        .with_panel(
            number(
                "CPU milliseconds a request",
                f'1000 * sum(rate(process_cpu_seconds_total{{job="storywright"}}[1h])) / sum(rate({_REQUESTS}[1h]))',
                unit="ms",
                says="Of the server alone, without the processes that draw.",
            )
        )
        .with_panel(
            number(
                "Energy a panel",
                f"sum(storywright_gpu_power_watts) / {_PANELS} / 3600",
                unit="watth",
                says="Of the GPUs.",
            )
        )
        .with_row(Row("Processors"))
        .with_panel(
            curve(
                "Cores in use",
                "short",
                ('sum(rate(process_cpu_seconds_total{job="storywright"}[5m]))', "serving"),
                ("sum(rate(storywright_drawing_cpu_seconds_total[5m]))", "drawing"),
            )
        )
        .with_panel(
            curve(
                "Memory",
                "bytes",
                ('sum(process_resident_memory_bytes{job="storywright"})', "serving"),
                ("sum(storywright_drawing_resident_memory_bytes)", "drawing"),
            )
        )
        .with_panel(
            curve(
                "Denoising steps a panel",
                "short",
                (f"sum(rate(storywright_drawing_steps_total[1h])) / {_PANELS}", "steps"),
                says="More than the tuned steps: several pictures are drawn for a panel and the best is kept.",
            )
        )
        .with_panel(curve("CPU seconds a panel", "s", (f"{_CPU_SECONDS} / {_PANELS}", "seconds")))
        .with_row(Row("GPUs"))
        .with_panel(
            curve("Utilization", "percentunit", ("storywright_gpu_utilization_ratio", "{{instance}}, GPU {{gpu}}"))
        )
        .with_panel(
            curve(
                "Memory of GPUs",
                "bytes",
                ("storywright_gpu_memory_used_bytes", "{{instance}}, GPU {{gpu}}"),
                ("storywright_gpu_memory_total_bytes", "{{instance}}, GPU {{gpu}}, all"),
            )
        )
        .with_panel(curve("Power", "watt", ("storywright_gpu_power_watts", "{{instance}}, GPU {{gpu}}")))
        .with_panel(
            curve("Temperature", "celsius", ("storywright_gpu_temperature_celsius", "{{instance}}, GPU {{gpu}}"))
        )
        .with_row(Row("Factory"))
        .with_panel(
            curve(
                "Money for a run of a pipeline",
                "short",
                (
                    "$core_hour / 3600 * max by (pipeline) (storywright_pipeline_duration_seconds)",
                    "{{pipeline}}, a core",
                ),
            )
        )
        .with_panel(
            curve(
                "Panels drawn for nothing",
                "percentunit",
                (
                    'sum(rate(storywright_boards_total{outcome="failed"}[1h]))'
                    " / sum(rate(storywright_boards_total[1h]))",
                    "boards that failed",
                ),
            )
        )
    )


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    main()
