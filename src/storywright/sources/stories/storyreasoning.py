"""StoryReasoning: stories told over frames of films, with boxes around what they speak of.

Read from the Hub, or from Parquet files with the same columns. Everything that the table `panels` cannot carry (the
characters, the objects, their boxes, the settings, the phases, and which words speak of which of them) goes to the
table `grounding`. Its licence lets nobody pass on what is adapted from it; `rights` holds on to that.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from storywright import files
from storywright.corpus import shards
from storywright.errors import BadInput, needs_extra
from storywright.sources.rights import Rights
from storywright.sources.stories import markup, pictures
from storywright.sources.stories.story import Panel, Plan, Rejected, Story, Things, Unit

NAME = "storyreasoning"
HUB_ID = "daniel3303/StoryReasoning"
LICENCE = "CC-BY-ND-4.0"
OWNER = "Daniel A. P. Oliveira and David Martins de Matos; the frames: the owners of the films"
COLUMNS = ("story_id", "images", "frame_count", "chain_of_thought", "story")

_READING = 1
"""Another number when the same file is read otherwise than before, so that it is read again."""
_STYLE = "photo"
_PHASES = {"introduction": "goal", "conflict": "obstacle", "turning point": "turn", "conclusion": "end"}
"""The corpus's phases; a development belongs to none of them."""
_PROMPT_CHARACTERS = 500
_ROWS_AT_ONCE = 16
_FIELDS = ("description", "emotions", "actions", "function", "interaction", "narrative_function", "mood", "time")


def from_hub(name: str, plan: Plan) -> Iterator[Unit]:
    """The splits of a data set of the Hub, or of a folder laid out like one; streamed, never stored."""
    with needs_extra("train", "Reading from the Hub"):
        import datasets
    try:
        builder = datasets.load_dataset_builder(name)
        splits = builder.as_streaming_dataset()
    except Exception as error:  # every library on the way to the Hub has errors of its own
        raise BadInput(
            f"{name} cannot be read from the Hub ({_first_line(error)}): check the name and the network, or download "
            "its Parquet files and name their folder."
        ) from error
    for split, rows in sorted(splits.items()):
        _refuse_other_columns(f"{name}, split {split}", list(rows.features or COLUMNS))
        plain = rows.cast_column("images", datasets.List(datasets.Image(decode=False)))
        origin = f"https://huggingface.co/datasets/{name}" if not Path(name).exists() else name
        yield Unit(
            key=f"{name}:{split}",
            fingerprint=_fingerprint(plan, builder.hash),
            read=lambda known, plain=plain, origin=f"{origin}#{split}": (  # type: ignore[misc]
                story_of(row, origin, plan) for row in _arriving(plain, name) if _id_of(row) not in known
            ),
        )


def from_files(paths: list[Path], plan: Plan) -> Iterator[Unit]:
    """Parquet files with the columns of StoryReasoning; one that cannot be read takes nothing else along."""
    for path in paths:
        yield Unit(
            key=str(path.resolve()),
            fingerprint=_fingerprint(plan, shards.content_digest(path)),
            read=lambda known, path=path: _in_file(path, known, plan),  # type: ignore[misc]
        )


def is_one(path: Path) -> bool:
    """Whether a Parquet file has these columns, as far as its footer can be read."""
    try:
        return set(COLUMNS) <= set(pq.read_schema(path).names)
    except (pa.ArrowException, OSError):
        return False


def story_of(row: Mapping[str, Any], origin: str, plan: Plan) -> Story | Rejected:
    """The story of a row, or why there is none."""
    story_id = _id_of(row)
    images = row["images"] or []
    try:
        told, seen = markup.told(row["story"] or ""), markup.analysis(row["chain_of_thought"] or "")
        _refuse_unfit(story_id, row["frame_count"], len(images), told)
        panels = tuple(_panel(number, image, told[number], seen, plan) for number, image in enumerate(images, 1))
    except _UnfitError as error:
        return Rejected(story_id or "(no story_id)", origin, str(error))
    rights = Rights(
        source=NAME,
        licence=plan.licence or LICENCE,
        owner=plan.owner or OWNER,
        origin=f"{origin}#{story_id.removeprefix(f'{NAME}-')}",
        date=plan.date,
    )
    return Story(story_id=story_id, language="en", rights=rights, panels=panels)


class _UnfitError(Exception):
    """A story that cannot be taken."""


def _id_of(row: Mapping[str, Any]) -> str:
    given = str(row["story_id"] or "").strip()
    return f"{NAME}-{given}" if given else ""


def _refuse_unfit(story_id: str, frames: int | None, num_images: int, told: Mapping[int, markup.Told]) -> None:
    if not story_id:
        raise _UnfitError("it has no story_id")
    if not num_images:
        raise _UnfitError("it has no images")
    if frames is not None and frames != num_images:
        raise _UnfitError(f"frame_count is {frames}, and there are {num_images} images")
    if extra := [number for number in told if not 1 <= number <= num_images]:
        raise _UnfitError(f"it tells of image {extra[0]}, and there are {num_images}")
    for number in range(1, num_images + 1):
        if number not in told or not told[number].caption:
            raise _UnfitError(f"it tells nothing of image {number}")


def _panel(number: int, image: Any, told: markup.Told, seen: markup.Analysis, plan: Plan) -> Panel:
    content = (image or {}).get("bytes") if isinstance(image, Mapping) else image
    try:
        picture = pictures.taken(content or b"", plan.longest_px)
    except pictures.UnusableError as error:
        raise _UnfitError(f"image {number}: {error}") from error
    here = seen.images.get(number, markup.Seen())
    phases = [row for row in seen.phases if number in markup.numbers(row.get("images", ""))]
    things = [*_entities(here, told, picture.scale), *_settings(here), *(_phase(row) for row in phases)]
    return Panel(
        picture=picture.content,
        name=f"image{number}",
        prompt=_prompt(here) or told.caption[:_PROMPT_CHARACTERS],
        caption=told.caption,
        style=_STYLE,
        tags=_feelings(here),
        phase=next((name for row in phases if (name := _PHASES.get(_phase_name(row).lower()))), ""),
        things=tuple(things),
    )


def _entities(seen: markup.Seen, told: markup.Told, scale: float) -> Iterator[dict[str, Any]]:
    """The rows of the tables, each with the places where the caption speaks of it; then what only the caption names."""
    listed = set()
    for table, rows in (("character", seen.characters), ("object", seen.objects)):
        for row in rows:
            entity = row[f"{table}_id"]
            found = told.mentions.get(entity, markup.Mentions())
            listed.add(entity)
            yield {
                "kind": markup.kind_of(entity, table),
                "entity": entity,
                "name": row.get("name", ""),
                "boxes": [round(side * scale) for side in markup.boxes(row.get("bounding_box", ""))],
                "told": found.told,
                "acts": found.acts,
            } | {name: row.get(name, "") for name in _FIELDS}
    for entity, found in told.mentions.items():
        if entity not in listed:
            yield {"kind": markup.kind_of(entity, "object"), "entity": entity, "told": found.told, "acts": found.acts}


def _settings(seen: markup.Seen) -> Iterator[dict[str, Any]]:
    for row in seen.settings:
        yield {"kind": "setting", "entity": row.get("setting_element", "")} | {
            name: row.get(name, "") for name in _FIELDS
        }


def _phase(row: Mapping[str, str]) -> dict[str, Any]:
    return {
        "kind": "phase",
        "entity": _phase_name(row),
        "description": row.get("description", ""),
        "actions": row.get("key_events", ""),
    }


def _phase_name(row: Mapping[str, str]) -> str:
    return row.get("narrative_phase") or row.get("phase", "")


def _prompt(seen: markup.Seen) -> str:
    """What is seen, in words for the illustrator: people, the place, things; as many of them as have room."""
    people = [_joined(row.get("description", ""), row.get("actions", "")) for row in seen.characters]
    places = [row.get("description", "") for row in seen.settings if row.get("setting_element", "") == "Location"]
    light = [row.get("description", "") for row in seen.settings if row.get("setting_element", "") == "Lighting"]
    things = [row.get("description", "") for row in seen.objects]
    prompt = ""
    for part in dict.fromkeys(one.strip(" .") for one in (*people, *places, *things, *light)):
        longer = f"{prompt}; {part}" if prompt else part
        if part and len(longer) <= _PROMPT_CHARACTERS:
            prompt = longer
    return prompt


def _joined(description: str, actions: str) -> str:
    return ", ".join(part for part in (description.strip(" ."), actions.strip(" .").lower()) if part)


def _feelings(seen: markup.Seen) -> tuple[str, ...]:
    """The emotions of the characters, as tags."""
    words = (word.strip(" .").lower() for row in seen.characters for word in row.get("emotions", "").split(","))
    return tuple(dict.fromkeys(word for word in words if word and word not in ("-", "n/a", "none")))[:16]


def _in_file(path: Path, known: Collection[str], plan: Plan) -> Things:
    try:
        with pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False) as file:
            names = file.schema_arrow.names
            if missing := [name for name in COLUMNS if name not in names]:
                yield Rejected(path.name, str(path), f"it has no column {missing[0]!r}; it has {', '.join(names)}")
                return
            for group in range(file.num_row_groups):
                if not _all_in(file, group, known):
                    yield from _in_group(file, group, str(path), known, plan)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        yield Rejected(path.name, str(path), f"it cannot be read as Parquet from here on: {_first_line(error)}")


def _all_in(file: pq.ParquetFile, group: int, known: Collection[str]) -> bool:
    """Whether a row group holds nothing new; its pictures are not read for that."""
    if not known:
        return False
    ids = pc.cast(file.read_row_group(group, columns=["story_id"])["story_id"], pa.string()).to_pylist()
    return all(_id_of({"story_id": one}) in known for one in ids)


def _in_group(file: pq.ParquetFile, group: int, origin: str, known: Collection[str], plan: Plan) -> Things:
    for batch in file.iter_batches(_ROWS_AT_ONCE, row_groups=[group], columns=list(COLUMNS), use_threads=False):
        for row in batch.to_pylist():
            if _id_of(row) not in known:
                yield story_of(row, origin, plan)


def _arriving(rows: Any, name: str) -> Iterator[Mapping[str, Any]]:
    """The rows as they come over the network; a break in it is no fault of a row."""
    arriving = iter(rows)
    while True:
        try:
            row = next(arriving)
        except StopIteration:
            return
        except Exception as error:  # every library on the way to the Hub has errors of its own
            raise BadInput(
                f"{name} stopped coming from the Hub ({_first_line(error)}): run the same command again; it goes on "
                "from here."
            ) from error
        yield row


def _refuse_other_columns(name: str, columns: list[str]) -> None:
    if missing := [column for column in COLUMNS if column not in columns]:
        raise BadInput(
            f"{name} has no column {missing[0]!r}: only data sets with the columns {', '.join(COLUMNS)} can be read."
        )


def _fingerprint(plan: Plan, content: str | None) -> str:
    return files.digest_of([_READING, plan.licence, plan.owner, plan.longest_px, content or ""])


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
