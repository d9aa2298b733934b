"""The performance report: one HTML page that stands alone, and the same in Markdown for the repository.

Knows only what it is given: figures, tables and pictures.
"""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jinja2 import Environment
from PIL import Image, ImageDraw, ImageFont

from storywright import files
from storywright.steps.evaluation.behaviour import Shown, Test
from storywright.steps.evaluation.beside import Beside
from storywright.steps.evaluation.drawing import Drawn
from storywright.steps.evaluation.scores import Interval, Scores
from storywright.steps.evaluation.writing import Written

MEANINGS = {
    "clip_score": ("CLIP score", "2.5 × cosine of a drawn panel and its words, by the critic", "higher"),
    "clip_score_share": (
        "… as a share of real panels'",
        "1 means that drawn panels fit as well as real ones",
        "higher",
    ),
    "frechet_distance": (
        "Fréchet distance",
        "of drawn to real panels, on the critic's features (this is not FID)",
        "lower",
    ),
    "frechet_distance_real": ("… of as many real panels", "what can be reached with so few panels", ""),
    "style_obedience": ("Style obedience", "drawn panels that look most like the style that was asked for", "higher"),
    "style_obedience_real": ("… of real panels", "how far that way of telling styles can be believed", ""),
    "resolution_obedience": (
        "Resolution obedience",
        "what panels keep of their fit in other sizes and aspects; 0 where the size is not what was asked for",
        "higher",
    ),
    "words_kept": ("Words kept", "what a judge who has no part in drawing reads rightly off drawn panels", "higher"),
    "words_kept_real": ("… of real panels", "how far that judge can be believed", ""),
    "frechet_inception": ("Fréchet distance, Inception", "FID; large where pictures are few", "lower"),
    "frechet_inception_real": ("… of as many real panels", "", ""),
    "preference_win_rate": (
        "Preferred to the champion",
        "how often users would prefer its panel, by the preference model; 0.5 is neither",
        "higher",
    ),
    "belonging": ("Belonging", "how much nearer a panel is to its own story than to others", "higher"),
    "alignment": ("Alignment", "cosine of words and drawn panels along a story, each in its order", "higher"),
    "in_step": ("In step", "words that are shown by the panel at their own place", "higher"),
    "diversity": ("Diversity", "mean distance of drawn panels", ""),
    "diversity_real": ("… of real panels", "", ""),
    "clip_steadiness": ("Steadiness of clips", "cosine of each frame and the one before it", "higher"),
    "clip_movement": ("Movement in clips", "mean change of a pixel from frame to frame; 0 is a still", ""),
    "cider_d": ("CIDEr-D", "of captions foretold from the panels before them, 0 to 10", "higher"),
    "rouge_l": ("ROUGE-L", "", "higher"),
    "bleu_1": ("BLEU-1", "", "higher"),
    "bleu_2": ("BLEU-2", "", "higher"),
    "bleu_3": ("BLEU-3", "", "higher"),
    "bleu_4": ("BLEU-4", "", "higher"),
    "distinct_2": ("Distinct-2", "different pairs of words among all that were written", ""),
    "story_score": ("Story score", "probability that whole test stories are whole", "higher"),
    "auc_shuffled": ("Story score, shuffled", "how often a whole story scores above one out of order", "higher"),
    "auc_mixed": ("Story score, mixed", "… above one with panels of another", "higher"),
    "auc_broken_look": ("Story score, broken look", "… above one in which somebody looks different", "higher"),
    "story_calibration_error": ("Story score, calibration error", "", "lower"),
}
"""For each figure: its title, what it says, and which way is better."""

_SHEET_HEIGHT_PX = 108
_WORST = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """All that the report tells."""

    title: str
    figures: dict[str, Interval | float]
    scores: Scores
    drawn: Drawn
    written: Written
    costs: dict[str, float]
    """What a panel and a caption cost on this machine."""
    beside: Beside | None
    """The champion, where it made the same items."""
    tests: list[Test]
    """Of behaviour."""
    shown: list[Shown]
    """Their pictures."""
    reliability: list[tuple[float, float, float, float]]
    models: Mapping[str, str]
    """Digest by role."""
    settings: dict[str, dict[str, object]]
    card: str
    """What the corpus says about itself, in Markdown."""
    notes: list[str] = field(default_factory=list)
    """What a reader must know before believing a figure."""


def write(facts: Facts, folder: Path) -> None:
    """Write `report.html`, `report.md` and `pictures/`."""
    pictures = folder / "pictures"
    pictures.mkdir(parents=True)
    made = {"panels.png": sheet(facts.drawn), "worst.png": _worst(facts), "curves.png": _curves(facts)}
    if facts.beside:
        made["beside.png"] = _beside_sheet(facts.drawn, facts.beside)
    if facts.shown:
        made["behaviour.png"] = _behaviour_sheet(facts.shown)
    for name, picture in made.items():
        picture.save(pictures / name)
    tables = {"rows": rows(facts.figures), "slices": _slices(facts.scores), "said": _said(facts)}
    tables |= {"beside": _beside(facts.beside), "tests": _tests(facts.tests), "lost": _lost(facts)}
    common = {"facts": facts, "timing": _timing(facts), "made": list(made), **tables}
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    sources = {name: _embedded(picture) for name, picture in made.items()}
    files.write_text(folder / "report.html", environment.from_string(_HTML).render(**common, pictures=sources))
    plain = Environment(autoescape=False, trim_blocks=True, lstrip_blocks=True)
    files.write_text(folder / "report.md", plain.from_string(_MARKDOWN).render(**common))


def rows(figures: dict[str, Interval | float]) -> list[tuple[str, str, str, str, str]]:
    """Title, figure, interval, which way is better, and meaning, in the order of MEANINGS."""
    found = []
    for name, (title, meaning, better) in MEANINGS.items():
        if (figure := figures.get(name)) is not None:
            value = figure.value if isinstance(figure, Interval) else figure
            interval = f"{figure.low:.3f} to {figure.high:.3f}" if isinstance(figure, Interval) else ""
            found.append((title, f"{value:.3f}", interval, better, meaning))
    return found


def sheet(drawn: Drawn, most: int = 24, across: int = 4) -> Image.Image:
    """Real panels, and beneath each the drawn one for the same words."""
    return _page([_pair(drawn, number) for number in range(min(most, len(drawn.items.names)))], across)


def _page(cells: list[Image.Image], across: int = 4) -> Image.Image:
    width, height = max(c.width for c in cells), max(c.height for c in cells)
    page = Image.new("RGB", (across * (width + 8) + 8, -(-len(cells) // across) * (height + 8) + 8), "white")
    for at, cell in enumerate(cells):
        page.paste(cell, (8 + at % across * (width + 8), 8 + at // across * (height + 8)))
    return page


def _pair(drawn: Drawn, number: int) -> Image.Image:
    items = drawn.items
    both = [_high(Image.fromarray(items.real[number])), _high(drawn.pictures[number])]
    return _cell(both, f"{items.names[number]}  {items.styles[number]}")


def _cell(both: list[Image.Image], text: str, colour: str = "#555") -> Image.Image:
    """Two pictures, one above the other, and words below."""
    width = max(picture.width for picture in both)
    cell = Image.new("RGB", (width, 2 * _SHEET_HEIGHT_PX + 16), "white")
    for at, picture in enumerate(both):
        cell.paste(picture, (0, at * (_SHEET_HEIGHT_PX + 2)))
    ImageDraw.Draw(cell).text(
        (0, 2 * _SHEET_HEIGHT_PX + 4), text[: width // 5], fill=colour, font=ImageFont.load_default(9)
    )
    return cell


def _high(picture: Image.Image) -> Image.Image:
    return picture.resize((round(picture.width * _SHEET_HEIGHT_PX / picture.height), _SHEET_HEIGHT_PX))


def _worst(facts: Facts) -> Image.Image:
    """The panels that fit their words least."""
    order = np.argsort(facts.scores.values("clip_score"), kind="stable")[:_WORST]
    return _page([_pair(facts.drawn, int(number)) for number in order])


def _beside_sheet(drawn: Drawn, beside: Beside, most: int = 12) -> Image.Image:
    """The champion's panels, and beneath each the challenger's: what changed most comes first."""
    lost, won = beside.most_changed("clip_score", most // 2)
    place = {name: number for number, name in enumerate(drawn.items.names)}
    cells = []
    for what, names, colour in (("fits less", lost, "#b3261e"), ("fits better", won, "#1b6ca8")):
        for number in (place[name] for name in names):
            both = [_high(side.pictures[number]) for side in (beside.champion, beside.challenger)]
            cells.append(_cell(both, f"{what}: {drawn.items.names[number]}", colour))
    return _page(cells)


def _behaviour_sheet(shown: list[Shown], most: int = 24) -> Image.Image:
    """Before and after a change of words; what did not hold comes first."""
    order = sorted(shown, key=lambda one: one.held)[:most]
    return _page(
        [
            _cell([_high(picture) for picture in one.pictures], one.test, "#555" if one.held else "#b3261e")
            for one in order
        ]
    )


def _curves(facts: Facts) -> Image.Image:
    """How scores are spread, and how far the story score's probabilities can be believed."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    for name, label, colour in (("clip_score_real", "real", "#b0b0b0"), ("clip_score", "drawn", "#1b6ca8")):
        left.hist(facts.scores.values(name), bins=16, range=(0, 2.5), alpha=0.7, label=label, color=colour)
    left.set(title="CLIP score of panels", xlabel="score", ylabel="panels")
    left.legend(frameon=False)
    middle.hist(facts.scores.values("rouge_l"), bins=16, range=(0, 1), color="#1b6ca8")
    middle.set(title="ROUGE-L of captions", xlabel="score", ylabel="captions")
    right.plot([0, 1], [0, 1], color="#b0b0b0")
    right.plot([r[1] for r in facts.reliability], [r[2] for r in facts.reliability], "o-", color="#1b6ca8")
    right.set(title="Story score", xlabel="probability of a whole story", ylabel="share that was whole")
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100, metadata={"Software": None})
    return Image.open(file).convert("RGB")


def _slices(scores: Scores) -> list[tuple[str, str, str, str, int]]:
    """Metric, trait, its value, the mean there, and how many items."""
    wanted = (
        ("clip_score", "style"), ("clip_score", "genre"), ("clip_score", "prompt"), ("cider_d", "language"),
        ("rouge_l", "language"), ("rouge_l", "style"), ("rouge_l", "genre"), ("rouge_l", "caption"),
    )  # fmt: skip
    return [
        (MEANINGS[metric][0], trait, value, f"{mean:.3f}", count)
        for metric, trait in wanted
        for value, (mean, count) in scores.slices(metric, trait).items()
    ]


def _said(facts: Facts, most: int = 10) -> list[tuple[str, str, str]]:
    """What was told, what was foretold, and how near it came; the worst and the best."""
    rouge = facts.scores.values("rouge_l")
    order = np.argsort(rouge, kind="stable")
    chosen = [*order[: most // 2], *order[::-1][: most // 2]] if len(order) > most else order
    cases, captions = facts.written.cases, facts.written.captions
    return [(cases[n].told, captions[n], f"{rouge[n]:.2f}") for n in chosen]


def _beside(beside: Beside | None) -> list[tuple[str, str, str, str, str]]:
    """Metric, challenger, champion, their difference with its interval, and the verdict."""
    found: list[tuple[str, str, str, str, str]] = []
    if beside is None:
        return found
    for metric, gap in beside.differences.items():
        ours, theirs = (float(scores.values(metric).mean()) for scores in beside.scores.values())
        verdict = "better" if gap.low > 0 else "worse" if gap.high < 0 else "no telling"
        title = MEANINGS.get(metric, (metric.replace("_", " "),))[0]
        found.append((title, f"{ours:.3f}", f"{theirs:.3f}", f"{gap:+.3f}", verdict))
    return found


def _lost(facts: Facts) -> list[tuple[str, str, str, str]]:
    """Captions that lost most against the champion's: told, champion's, challenger's, and by how much."""
    beside = facts.beside
    if beside is None:
        return []
    names = {case.name: number for number, case in enumerate(facts.written.cases)}
    ours, theirs = beside.scores["challenger"].by_metric["rouge_l"], beside.scores["champion"].by_metric["rouge_l"]
    before = beside.champion.written.captions
    return [
        (
            facts.written.cases[names[item]].told,
            before[names[item]],
            facts.written.captions[names[item]],
            f"{ours[item] - theirs[item]:+.2f}",
        )
        for item in beside.most_changed("rouge_l", _WORST)[0]
        if ours[item] < theirs[item]
    ]


def _tests(tests: list[Test]) -> list[tuple[str, str, str, str, str]]:
    """Verdict, name, kind, why, and a case that did not hold; what failed comes first."""
    verdict = {(True, True): "held", (True, False): "undecided", (False, True): "FAILED", (False, False): "FAILED"}
    order = sorted(tests, key=lambda one: (one.passed, one.kind == "slice"))
    return [
        (verdict[one.passed, one.decided], one.name, one.kind, one.why, one.examples[0] if one.examples else "")
        for one in order
    ]


def _timing(facts: Facts) -> list[tuple[str, ...]]:
    """What things cost, with the champion's beside it where there is one."""
    words = {"seconds": "s", "cpu_seconds": "s of processor time", "memory_mib": "MiB beside the models"}
    champion = facts.beside.champion.costs if facts.beside else {}
    found: list[tuple[str, ...]] = []
    for name, value in facts.costs.items():
        unit, _, what = name.partition("_per_")
        row = (f"a {what}", f"{value:.3g} {words[unit]}")
        found.append((*row, f"{champion[name]:.3g} {words[unit]}") if name in champion else row)
    return found


def _embedded(picture: Image.Image) -> str:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


_MARKDOWN = """\
# {{ facts.title }}

| figure | value | interval | better | what it says |
|---|---|---|---|---|
{% for row in rows %}
| {{ row | join(" | ") }} |
{% endfor %}

{% for note in facts.notes %}
- {{ note }}
{% endfor %}

{% if beside %}
## Beside the champion
The same items, made in turns, both scored by the champion's critic.

| figure | challenger | champion | difference | |
|---|---|---|---|---|
{% for row in beside %}
| {{ row | join(" | ") }} |
{% endfor %}

![champion above, challenger below](pictures/beside.png)

{% if lost %}
| told | champion | challenger | ROUGE-L |
|---|---|---|---|
{% for row in lost %}
| {{ row | join(" | ") }} |
{% endfor %}

{% endif %}
{% endif %}
{% if tests %}
## Behaviour
| | test | kind | cases | for instance |
|---|---|---|---|---|
{% for row in tests %}
| {{ row | join(" | ") | replace("\n", " ") }} |
{% endfor %}

{% if "behaviour.png" in made %}
![before and after a change of words](pictures/behaviour.png)
{% endif %}

{% endif %}
## What it costs, on the machine that wrote this
| what | costs |{% if facts.beside %} the champion's |{% endif %}

|---|---|{% if facts.beside %}---|{% endif %}

{% for row in timing %}
| {{ row | join(" | ") }} |
{% endfor %}

## Panels: above as they should be, below as drawn
![panels](pictures/panels.png)

### Fit their words least
![worst](pictures/worst.png)

## How the scores are spread
![curves](pictures/curves.png)

## Slices
| figure | by | value | mean | items |
|---|---|---|---|---|
{% for row in slices %}
| {{ row | join(" | ") }} |
{% endfor %}

## Captions: the worst and the best
| told | foretold | ROUGE-L |
|---|---|---|
{% for told, foretold, score in said %}
| {{ told | replace("|", "/") }} | {{ foretold | replace("|", "/") }} | {{ score }} |
{% endfor %}

## Models and settings
{% for role, digest in facts.models.items() %}
- {{ role }}: `{{ digest[:16] }}`
{% endfor %}
{% for name, values in facts.settings.items() %}
- {{ name }}: {% for key, value in values.items() %}{{ key }} {{ value }}{{ ", " if not loop.last }}{% endfor %}

{% endfor %}

## The corpus
{{ facts.card or "The corpus has no card." }}
"""

_HTML = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ facts.title }}</title>
<style>
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
td, th { padding: .3rem .6rem; text-align: left; vertical-align: top; }
tr { border-bottom: 1px solid var(--line); } th { font-weight: 600; } .number { font-variant-numeric: tabular-nums; }
img { max-width: 100%; height: auto; border: 1px solid var(--line); } .quiet { opacity: .7; }
.FAILED, .worse { color: #b3261e; font-weight: 600; } .better { color: #1b6ca8; font-weight: 600; }
.table { overflow-x: auto; } pre { white-space: pre-wrap; background: var(--soft); padding: 1rem; }
</style></head><body>
<h1>{{ facts.title }}</h1>
<div class="table"><table><tr><th>figure<th>value<th>interval<th>better<th>what it says</tr>
{% for title, value, interval, better, meaning in rows %}
<tr><td>{{ title }}<td class="number">{{ value }}<td class="number quiet">{{ interval }}<td class="quiet">{{ better }}
<td class="quiet">{{ meaning }}</tr>
{% endfor %}
</table></div>
<ul>{% for note in facts.notes %}<li>{{ note }}</li>{% endfor %}</ul>
{% if beside %}
<h2>Beside the champion</h2>
<p>The same items, made in turns, both scored by the champion's critic.</p>
<div class="table"><table><tr><th>figure<th>challenger<th>champion<th>difference<th></tr>
{% for title, ours, theirs, gap, verdict in beside %}
<tr><td>{{ title }}<td class="number">{{ ours }}<td class="number">{{ theirs }}<td class="number">{{ gap }}
<td class="{{ verdict }}">{{ verdict }}</tr>
{% endfor %}
</table></div>
<p class="quiet">The champion's panels, and beneath each the challenger's; what changed most.</p>
<img src="{{ pictures["beside.png"] }}" alt="Panels of the champion, each with the challenger's beneath it">
{% if lost %}
<div class="table"><table><tr><th>told<th>champion<th>challenger<th>ROUGE-L</tr>
{% for told, before, after, gap in lost %}
<tr><td>{{ told }}<td>{{ before }}<td>{{ after }}<td class="number">{{ gap }}</tr>
{% endfor %}
</table></div>
{% endif %}
{% endif %}
{% if tests %}
<h2>Behaviour</h2>
<div class="table"><table><tr><th><th>test<th>kind<th>cases<th>for instance</tr>
{% for verdict, name, kind, why, example in tests %}
<tr><td class="{{ verdict }}">{{ verdict }}<td>{{ name }}<td class="quiet">{{ kind }}<td>{{ why }}
<td class="quiet">{{ example }}</tr>
{% endfor %}
</table></div>
{% if "behaviour.png" in made %}
<p class="quiet">Each above as it was, below after its words were changed; what did not hold comes first.</p>
<img src="{{ pictures["behaviour.png"] }}" alt="Pictures before and after a change of words">
{% endif %}
{% endif %}
<h2>What it costs, on the machine that wrote this</h2>
<table><tr><th>what<th>costs{% if facts.beside %}<th>the champion's{% endif %}</tr>
{% for row in timing %}
<tr>{% for cell in row %}<td{% if not loop.first %} class="number"{% endif %}>{{ cell }}{% endfor %}</tr>
{% endfor %}
</table>
<h2>Panels: above as they should be, below as drawn</h2>
<img src="{{ pictures["panels.png"] }}" alt="Real panels, each with the drawn one beneath it">
<h2>Fit their words least</h2>
<img src="{{ pictures["worst.png"] }}" alt="The drawn panels with the lowest CLIP score">
<h2>How the scores are spread</h2>
<img src="{{ pictures["curves.png"] }}" alt="Spread of CLIP score and ROUGE-L, reliability of the story score">
<h2>Slices</h2>
<div class="table"><table><tr><th>figure<th>by<th>value<th>mean<th>items</tr>
{% for title, trait, value, mean, count in slices %}
<tr><td>{{ title }}<td>{{ trait }}<td>{{ value }}<td class="number">{{ mean }}<td class="number">{{ count }}</tr>
{% endfor %}
</table></div>
<h2>Captions: the worst and the best</h2>
<div class="table"><table><tr><th>told<th>foretold<th>ROUGE-L</tr>
{% for told, foretold, score in said %}
<tr><td>{{ told }}<td>{{ foretold }}<td class="number">{{ score }}</tr>
{% endfor %}
</table></div>
<h2>Models and settings</h2>
<table>
{% for role, digest in facts.models.items() %}<tr><td>{{ role }}<td><code>{{ digest[:16] }}</code></tr>{% endfor %}
{% for name, values in facts.settings.items() %}
<tr><td>{{ name }}<td>{% for key, value in values.items() %}{{ key }} {{ value }}{{ ", " if not loop.last }}{% endfor %}
</tr>
{% endfor %}
</table>
<h2>The corpus</h2>
<pre>{{ facts.card or "The corpus has no card." }}</pre>
</body></html>
"""
