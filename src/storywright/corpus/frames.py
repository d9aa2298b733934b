"""What validation looks at: one line a row, with what was measured of its picture and its text, without the picture.

The rules themselves are in `validation`.
"""

import json
import zlib
from collections.abc import Container
from concurrent.futures import Executor

import numpy as np
import pandas as pd
import pyarrow as pa

from storywright.corpus import pictures, text


def of_panels(table: pa.Table, first_row: int, seen: Container[int], executor: Executor) -> pd.DataFrame:
    """The frame of some whole stories; `seen` holds the keys of the stories before them."""
    frame = _plain(table.drop_columns(["picture"]), first_row, numbers=("panel", "panels"))
    for name in ("caption", "prompt"):
        frame[f"{name}_length"] = frame[name].map(lambda value: len(text.normalised(value)))
    frame["caption_in_script"] = _in_script(frame, "caption")
    frame["prompt_in_script"] = [text.share_in_script(prompt, "en") for prompt in frame["prompt"]]
    frame["num_tags"] = [len(tags) if tags is not None else 0 for tags in table["tags"].to_pylist()]
    frame["scene_is_json"] = frame.pop("scene").map(_is_object)
    story = frame.groupby("story_id", sort=False)
    frame["place"] = story.cumcount()
    frame["panels_found"] = story["panel"].transform("size")
    frame["places_off"] = frame["panel"] - frame["place"]
    frame["panels_missing"] = frame["panels"] - frame["panels_found"]
    frame["num_languages"] = story["language"].transform("nunique")
    frame["told_before"] = [key in seen for key in keys_of(frame["story_id"])]
    _add_picture_health(frame, table["picture"], executor)
    return frame.drop(columns=["tags"])


def of_concepts(table: pa.Table, first_row: int, seen: Container[int]) -> pd.DataFrame:
    """The frame of some concepts; `seen` holds the keys of the concepts before them."""
    frame = _plain(table, first_row)
    frame["text_length"] = frame["text"].map(lambda value: len(text.normalised(value)))
    frame["text_in_script"] = _in_script(frame, "text")
    frame["told_before"] = [key in seen for key in keys_of(frame["concept_id"])]
    frame["told_before"] |= frame.duplicated("concept_id")
    return frame


def of_films(table: pa.Table, first_row: int, seen: Container[int]) -> pd.DataFrame:
    """The frame of some films; `seen` holds the keys of the films before them. An unknown number stays missing."""
    lists = [name for name in table.column_names if pa.types.is_list(table.schema.field(name).type)]
    numbers = [name for name in table.column_names if pa.types.is_primitive(table.schema.field(name).type)]
    frame = _plain(table.drop_columns([*lists, *numbers]), first_row)
    for name in numbers:
        frame[name] = table[name].to_pandas().astype(np.float64)
    frame["num_genres"] = [len(genres or ()) for genres in table["genres"].to_pylist()]
    for name in ("logline", "plot"):
        frame[f"{name}_length"] = frame[name].map(lambda value: len(text.normalised(value)))
    frame["plot_in_script"] = _in_script(frame, "plot")
    frame["told_before"] = [key in seen for key in keys_of(frame["film_id"])]
    frame["told_before"] |= frame.duplicated("film_id")
    return frame


def keys_of(names: pd.Series) -> list[int]:
    """A number for each name, small enough to keep one for every story there is."""
    return [_key(name) for name in names]


def _key(name: str) -> int:
    content = name.encode()
    return zlib.crc32(content) << 32 | zlib.adler32(content[::-1] + content)


def _plain(table: pa.Table, first_row: int, numbers: tuple[str, ...] = ()) -> pd.DataFrame:
    """Pandas without missing values: a text that is missing is empty, a number that is missing is -1."""
    frame = table.to_pandas(integer_object_nulls=True)
    for name in frame.columns:
        if name in numbers:
            frame[name] = frame[name].fillna(-1).astype(np.int64)
        elif name != "tags":
            frame[name] = frame[name].fillna("")
    frame.insert(0, "row", np.arange(first_row, first_row + len(frame)))
    return frame


def _in_script(frame: pd.DataFrame, column: str) -> list[float]:
    return [text.share_in_script(*pair) for pair in zip(frame[column], frame["language"], strict=True)]


def _is_object(scene: str) -> bool:
    if not scene:
        return True
    try:
        return isinstance(json.loads(scene), dict)
    except json.JSONDecodeError:
        return False


def _add_picture_health(frame: pd.DataFrame, column: pa.ChunkedArray, executor: Executor) -> None:
    contents = [value.as_py() for chunk in column.chunks for value in chunk.field("bytes")]
    healths = pictures.each(pictures.examined, contents, executor)
    frame["picture_fault"] = [health.fault for health in healths]
    # What could not be measured is missing, and no rule but that of the fault speaks of it.
    for name in ("width", "height", "blank"):
        frame[name] = [np.nan if health.fault else getattr(health, name) for health in healths]
