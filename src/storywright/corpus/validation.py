"""What a fit corpus is: Great Expectations suites for panels, concepts, films and the corpus as a whole.

A rule is an expectation that carries, in its notes, the rule for the reader of the data docs and, in its meta, the
reason that a row which breaks it is given; there is no second list. Rows are checked a piece at a time, so memory does
not grow with the corpus; what concerns all of it (the mix of languages, the share of bad rows) is checked on a
summary of a few lines.
"""

import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

# Great Expectations reads this once, when it is imported: nobody's corpus is anybody else's business.
os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
from great_expectations.checkpoint.checkpoint import Checkpoint
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.expectations.core import (  # type: ignore[attr-defined]
    ExpectColumnValuesToBeBetween,
    ExpectColumnValuesToBeInSet,
    ExpectColumnValuesToMatchRegex,
)
from great_expectations.expectations.expectation import Expectation

from storywright.corpus import docs
from storywright.corpus.limits import Limits

PHASES = ("", "goal", "obstacle", "turn", "end")

_RUN_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""The data docs carry one time, so that the same corpus gives the same pages."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a row breaks."""

    rule: str
    reason: str


def panel_rules(limits: Limits) -> list[Expectation]:
    """What a good panel is."""
    characters = (limits.min_caption_characters, limits.max_caption_characters)
    size = (limits.min_picture_px, limits.max_picture_px)
    return [
        _matches("story_id", r"\S", "a panel says which story it belongs to", "there is no story_id"),
        _between("panels", (1, limits.max_panels), "a story has a sensible number of panels", "panels is {panels}"),
        _is(
            "places_off", 0, "the panels of a story are there once each and in order",
            "panel {panel} of story {story_id} stands where panel {place} belongs",
        ),
        _is(
            "panels_missing", 0, "no panel of a story is missing",
            "story {story_id} has {panels_found} of {panels} panels here",
        ),
        _is("told_before", False, "a story is there once", "story {story_id} is already in an earlier place"),
        _is("num_languages", 1, "a story is told in one language", "story {story_id} has {num_languages} languages"),
        _is("picture_fault", "", "a picture can be decoded", "the picture cannot be decoded: {picture_fault}"),
        _between("width", size, "a picture has a usable width", "the picture is {width:.0f} pixels wide"),
        _between("height", size, "a picture has a usable height", "the picture is {height:.0f} pixels high"),
        _between(
            "blank", (0, limits.max_blank), "a picture shows something", "{blank:.1%} of the picture is one brightness"
        ),
        _between(
            "caption_length", characters, "a caption has a sensible length",
            "the caption has {caption_length} characters",
        ),
        _between(
            "prompt_length", (1, 2 * limits.max_caption_characters), "a prompt has a sensible length",
            "the prompt has {prompt_length} characters",
        ),
        *_language_rules(limits, "caption"),
        _between(
            "prompt_in_script", (limits.min_in_script, 1), "a prompt is English",
            "{prompt_in_script:.0%} of the prompt's letters are Latin",
        ),
        _between("num_tags", (0, 64), "a panel has a sensible number of tags", "the panel has {num_tags} tags"),
        _in("phase", PHASES, "a phase is one of goal, obstacle, turn, end, or empty", "the phase is {phase!r}"),
        _is("scene_is_json", True, "a scene is a JSON object, or empty", "the scene is not a JSON object"),
        *_rights_rules(limits),
    ]  # fmt: skip


def concept_rules(limits: Limits) -> list[Expectation]:
    """What a good ad concept is."""
    return [
        _matches("concept_id", r"\S", "a concept has an id", "there is no concept_id"),
        _is("told_before", False, "a concept is there once", "concept {concept_id} is already in an earlier place"),
        _matches("title", r"\S", "a concept has a title", "there is no title"),
        _between(
            "text_length", (limits.min_caption_characters, limits.max_concept_characters),
            "a concept's text has a sensible length", "the text has {text_length} characters",
        ),
        *_language_rules(limits, "text"),
        *_rights_rules(limits),
    ]  # fmt: skip


def film_rules(limits: Limits) -> list[Expectation]:
    """What a good film is; what is not known of one is no fault, as long as something is."""
    return [
        _matches("film_id", r"^[a-z-]+:\S+$", "a film has an id after its source", "the film_id is {film_id!r}"),
        _is("told_before", False, "a film is there once", "film {film_id} is already in an earlier place"),
        _matches("title", r"\S", "a film has a title", "there is no title"),
        _between("year", (1870, 2100), "a film is of a year in which there were films", "the year is {year:.0f}"),
        _between("minutes", (1, 6_000), "a film has a sensible length", "it takes {minutes:.0f} minutes"),
        _between("rating", (0, 10), "a rating lies between 0 and 10", "the rating is {rating}"),
        _between("num_genres", (0, 40), "a film has a sensible number of genres", "the film has {num_genres} genres"),
        _between(
            "logline_length", (0, limits.max_caption_characters), "a logline has a sensible length",
            "the logline has {logline_length} characters",
        ),
        _between(
            "plot_length", (0, limits.max_concept_characters), "a plot has a sensible length",
            "the plot has {plot_length} characters",
        ),
        *_language_rules(limits, "plot"),
        *_rights_rules(limits),
        _matches("terms", r"\S", "the terms of use are named", "no terms are named"),
    ]  # fmt: skip


def corpus_rules(limits: Limits) -> list[Expectation]:
    """What a fit corpus is, over a summary with a line for each table and each language."""
    return [
        _between("rows", (1, None), "there is something of everything", "none of the {rows_seen:,.0f} {table} is good"),
        _between(
            "bad_share", (0, limits.max_bad_share), "few rows are bad",
            "{bad:,.0f} of {rows_seen:,.0f} {table} ({bad_share:.1%}) are bad, "
            f"and validate.max_bad_share allows {limits.max_bad_share:.1%}",
        ),
        _between(
            "share_over_least", (0, 1), "each language has its share",
            "{share:.1%} of the panels are in {language!r}, and validate.languages asks for {least_share:.1%}",
        ),
    ]  # fmt: skip


class Checker:
    """Runs the suites, says which rows break which rules, and writes the data docs."""

    def __init__(self, limits: Limits) -> None:
        self._context = gx.get_context(mode="ephemeral")
        self._context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
        source = self._context.data_sources.add_pandas("corpus")
        rules = {"panels": panel_rules, "concepts": concept_rules, "films": film_rules, "corpus": corpus_rules}
        self._checkpoints = {name: self._checkpoint(source, name, make(limits)) for name, make in rules.items()}

    def broken(self, table: str, place: str, frame: pd.DataFrame) -> dict[int, list[Broken]]:
        """The rules that are broken, by the frame's `row`; `place` names the rows in the data docs."""
        if frame.empty:
            return {}
        result = self._checkpoints[table].run(
            batch_parameters={"dataframe": frame}, run_id=RunIdentifier(run_name=place, run_time=_RUN_TIME)
        )
        rows = frame.set_index("row", drop=False)
        found: dict[int, list[Broken]] = {}
        for outcome in (one for run in result.run_results.values() for one in run.results):
            meta = _meta(outcome)
            for at in outcome.result.get("unexpected_index_list") or ():
                values = rows.loc[int(at["row"])].to_dict()
                found.setdefault(int(at["row"]), []).append(Broken(meta["rule"], meta["reason"].format(**values)))
        return found

    def write_docs(self, folder: Path) -> None:
        """Write Great Expectations' pages of everything checked so far."""
        with tempfile.TemporaryDirectory() as scratch:
            site: Any = {
                "class_name": "SiteBuilder",
                "site_name": "storywright corpus",
                "show_how_to_buttons": False,
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
                "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": scratch},
            }
            self._context.add_data_docs_site("corpus", site)
            self._context.build_data_docs(["corpus"])
            shutil.copytree(scratch, folder, dirs_exist_ok=True)
        docs.settle(folder)

    def _checkpoint(self, source: Any, name: str, rules: list[Expectation]) -> Checkpoint:
        batches = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("rows")
        suite = self._context.suites.add(gx.ExpectationSuite(name=name, expectations=rules))
        definition = gx.ValidationDefinition(name=name, data=batches, suite=suite)
        self._context.validation_definitions.add(definition)
        return self._context.checkpoints.add(
            Checkpoint(
                name=name,
                validation_definitions=[definition],
                result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["row"]},
            )
        )


def _language_rules(limits: Limits, column: str) -> list[Expectation]:
    return [
        _in("language", limits.languages, "the language is one that is wanted", "the language is {language!r}"),
        _between(
            f"{column}_in_script", (limits.min_in_script, 1), f"the {column} is in the script of its language",
            f"{{{column}_in_script:.0%}} of the {column}'s letters are in the script of {{language!r}}",
        ),
    ]  # fmt: skip


def _rights_rules(limits: Limits) -> list[Expectation]:
    licence = (
        _in("licence", limits.licences, "the licence is one that is accepted", "the licence is {licence!r}")
        if limits.licences
        else _matches("licence", r"\S", "a licence is named", "no licence is named")
    )
    iso_date = r"^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?$"
    return [
        licence,
        _matches("source", r"\S", "a source is named", "no source is named"),
        _matches("owner", r"\S", "an owner is named", "no owner is named"),
        _matches("origin", r"\S", "the origin is named", "no origin is named"),
        _matches("date", iso_date, "the date is an ISO 8601 date", "the date is {date!r}"),
    ]


def _said(rule: str, reason: str) -> dict[str, Any]:
    return {"notes": f"{rule[0].upper()}{rule[1:]}.", "meta": {"rule": rule, "reason": reason}}


def _between(column: str, ends: tuple[float, float | None], rule: str, reason: str) -> Expectation:
    low, high = ends
    wanted = f"{low:,} or more" if high is None else f"{low:,} to {high:,}"
    return ExpectColumnValuesToBeBetween(
        column=column, min_value=low, max_value=high, **_said(f"{rule} ({wanted})", reason)
    )


def _in(column: str, values: Any, rule: str, reason: str) -> Expectation:
    return ExpectColumnValuesToBeInSet(column=column, value_set=list(values), **_said(rule, reason))


def _is(column: str, value: Any, rule: str, reason: str) -> Expectation:
    return _in(column, [value], rule, reason)


def _matches(column: str, pattern: str, rule: str, reason: str) -> Expectation:
    return ExpectColumnValuesToMatchRegex(column=column, regex=pattern, **_said(rule, reason))


def _meta(outcome: Any) -> dict[str, str]:
    """What the rule says; one that could not be evaluated is our mistake, and must not pass for one that holds."""
    told = outcome.exception_info or {}
    if told.get("raised_exception") or any(isinstance(one, dict) and one["raised_exception"] for one in told.values()):
        raise RuntimeError(f"Great Expectations could not evaluate {outcome.expectation_config.type}: {told}")
    meta: dict[str, str] = outcome.expectation_config.meta
    return meta
