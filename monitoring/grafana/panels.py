"""The kinds of panels that the dashboards are made of: a number of now, and curves over time."""

from grafana_foundation_sdk.builders import prometheus, stat, timeseries
from grafana_foundation_sdk.builders.common import ReduceDataOptions, VizLegendOptions, VizTooltipOptions
from grafana_foundation_sdk.builders.dashboard import (
    Dashboard,
    DashboardLink,
    DatasourceVariable,
    TextBoxVariable,
    ThresholdsConfig,
)
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
    DashboardLinkType,
    DataSourceRef,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)

_SOURCE = DataSourceRef(type_val="prometheus", uid="${source}")


def dashboard(title: str, uid: str, description: str) -> Dashboard:
    """An empty dashboard of the studio, with links to the others."""
    link = DashboardLink("The other dashboards").type(DashboardLinkType.DASHBOARDS).tags(["storywright"])
    return (
        Dashboard(title)
        .uid(uid)
        .description(description)
        .tags(["storywright"])
        .link(link.as_dropdown(True).keep_time(True))
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("browser")
        .with_variable(DatasourceVariable("source").label("Prometheus").type("prometheus"))
    )


def price(name: str, label: str, usual: str) -> TextBoxVariable:
    """A figure that whoever looks fills in."""
    return TextBoxVariable(name).label(label).default_value(usual)


def number(
    title: str,
    query: str,
    *,
    unit: str = "short",
    states: dict[str, str] | None = None,
    bad_from: float | None = None,
    legend: str = "",
    shows_name: bool = False,
    says: str = "",
) -> stat.Panel:
    """One number; with `states` its values have names and 0 is bad, with `bad_from` it turns red there."""
    panel = (
        stat.Panel()
        .title(title)
        .description(says)
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


def curve(title: str, unit: str, *queries: tuple[str, str], says: str = "") -> timeseries.Panel:
    """Curves over time, each query with its legend."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(says)
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
