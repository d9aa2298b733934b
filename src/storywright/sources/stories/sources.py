"""Which kind of source a name is: a data set of the Hub, Parquet files, a folder with `metadata.csv`, or films."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from storywright.errors import BadInput
from storywright.sources import rights
from storywright.sources.stories import folder, storyreasoning, video
from storywright.sources.stories.story import Plan, Unit

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def units(source: str, plan: Plan) -> Iterator[Unit]:
    """What a source holds, whatever kind it is."""
    path = Path(source)
    if path.exists():
        return _in_place(path, plan)
    if _HUB_ID.fullmatch(source) and path.suffix.lower() not in (".parquet", ".csv", *video.SUFFIXES):
        _refuse_foreign_licence(source, plan)
        return storyreasoning.from_hub(source, plan)
    raise BadInput(
        f"{source} does not exist: name a folder with metadata.csv, Parquet files, films, or a data set of the Hub "
        f"such as {storyreasoning.HUB_ID}."
    )


def notices(out: Path, terms: Iterable[tuple[str, str, str]]) -> list[str]:
    """Write the notice of each licence, owner and source beside the tables; the sentences that people should read."""
    said = []
    for licence, owner, source in terms:
        more = []
        if source == storyreasoning.NAME:
            more = [
                "Cite: Oliveira and Matos, StoryReasoning Dataset: Using Chain-of-Thought for Scene Understanding and "
                f"Grounded Story Generation, 2025 (https://huggingface.co/datasets/{storyreasoning.HUB_ID}).",
                "The captions here are its stories without their tags, and larger pictures were made smaller: these "
                "files are adapted material.",
            ]
        rights.write_notice(out, f"{source}: {licence or 'no licence'}", licence or "none is named", owner, more)
        known = rights.KNOWN.get(licence)
        if known and not (known.adapted and known.commercial):
            said.append(f"{known.name} ({owner}): {known.says}")
    return said


def _in_place(path: Path, plan: Plan) -> Iterator[Unit]:
    if path.is_file():
        return _of_file(path, plan)
    if (path / folder.METADATA).is_file():
        return folder.units(path, plan)
    if found := sorted(path.rglob("*.parquet")):
        return _of_tables(found, path, plan)
    if films := sorted(one for one in path.rglob("*") if one.suffix.lower() in video.SUFFIXES and one.is_file()):
        _refuse_without_rights(path, plan)
        return video.units(films, path, plan)
    raise BadInput(
        f"{path} holds no story: put a metadata.csv beside its pictures, or name a folder with Parquet files of "
        f"StoryReasoning or with films ({', '.join(sorted(video.SUFFIXES))})."
    )


def _of_file(path: Path, plan: Plan) -> Iterator[Unit]:
    suffix = path.suffix.lower()
    if path.name == folder.METADATA:
        return folder.units(path.parent, plan)
    if suffix == ".parquet":
        return _of_tables([path], path, plan)
    if suffix in video.SUFFIXES:
        _refuse_without_rights(path, plan)
        return video.units([path], path.parent, plan)
    raise BadInput(
        f"{path} is no source of stories: name a {folder.METADATA}, a Parquet file of StoryReasoning, or a film "
        f"({', '.join(sorted(video.SUFFIXES))})."
    )


def _of_tables(found: list[Path], place: Path, plan: Plan) -> Iterator[Unit]:
    """Tables of StoryReasoning; one among them that is broken is rejected by its name."""
    if any(map(storyreasoning.is_one, found)):
        return storyreasoning.from_files(found, plan)
    raise BadInput(
        f"{place} has no Parquet file with the columns {', '.join(storyreasoning.COLUMNS)}: only StoryReasoning, and "
        "what is written like it, can be read. Tables of panels need not be: name their folder under validate.material "
        "in params.yaml."
    )


def _refuse_without_rights(path: Path, plan: Plan) -> None:
    for name in ("licence", "owner"):
        if not getattr(plan, name):
            raise BadInput(
                f"{path} does not say whose it is and under which terms: give --licence (such as CC-BY-4.0, or the "
                "words of your agreement) and --owner."
            )


def _refuse_foreign_licence(name: str, plan: Plan) -> None:
    if name == storyreasoning.HUB_ID and plan.licence not in ("", storyreasoning.LICENCE):
        raise BadInput(f"{name} stands under {storyreasoning.LICENCE}, not {plan.licence}: leave --licence out.")
    if name != storyreasoning.HUB_ID and not (plan.licence and plan.owner):
        raise BadInput(f"storywright does not know the terms of {name}: give its --licence and its --owner.")
