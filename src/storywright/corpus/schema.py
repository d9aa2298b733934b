"""The one format between collecting and training: Parquet with embedded pictures.

Tables. `panels` holds one row a panel, the panels of a story in order and in one shard; `concepts` holds one row an ad
concept; `films` one row a film; and `grounding`, beside the panels of a source that has it, one row for each thing that
is known to be in a panel. The metadata that `datasets` looks for is written along, so that `load_dataset("parquet", …)`
gives decoded pictures.
"""

import json

import pyarrow as pa

_PICTURE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_RIGHTS = [
    ("source", pa.string()),  # the adapter that brought it: toonworld, web, storyreasoning, folder, video …
    ("licence", pa.string()),  # an SPDX id, or the words of the terms
    ("owner", pa.string()),
    ("origin", pa.string()),  # the address or file it came from
    ("date", pa.string()),  # when it was fetched or drawn, ISO 8601
]


def _with_pictures(fields: list[tuple[str, pa.DataType]], picture: str) -> pa.Schema:
    features = {picture: {"_type": "Image"}} | {
        name: {"feature": {"dtype": "string", "_type": "Value"}, "_type": "List"}
        if pa.types.is_list(kind)
        else {"dtype": str(kind), "_type": "Value"}
        for name, kind in fields
        if name != picture
    }
    ordered = {name: features[name] for name, _ in fields}
    return pa.schema(fields, metadata={b"huggingface": json.dumps({"info": {"features": ordered}}).encode()})


PANELS = _with_pictures(
    [
        ("story_id", pa.string()),
        ("panel", pa.int32()),  # 0 for the first
        ("panels", pa.int32()),  # how many the story has
        ("picture", _PICTURE),  # PNG or JPEG
        ("prompt", pa.string()),  # English: everything that is seen, for the illustrator
        ("caption", pa.string()),  # in `language`: what is told, for the writer
        ("language", pa.string()),  # en or ru
        ("style", pa.string()),
        ("tags", pa.list_(pa.string())),
        ("phase", pa.string()),  # goal, obstacle, turn, end; empty where unknown
        ("scene", pa.string()),  # JSON of the drawn scene; empty where it was not drawn
        *_RIGHTS,
    ],
    "picture",
)

CONCEPTS = pa.schema(
    [
        ("concept_id", pa.string()),
        ("title", pa.string()),
        ("brand", pa.string()),
        ("product", pa.string()),
        ("category", pa.string()),
        ("tone", pa.string()),
        ("text", pa.string()),  # the concept itself
        ("language", pa.string()),
        *_RIGHTS,
    ]
)

FILMS = pa.schema(
    [
        ("film_id", pa.string()),  # with its source in front: tmdb:862, imdb:tt0114709, uci:H40
        ("imdb_id", pa.string()),  # tt0114709; what films of different sources have in common, empty where unknown
        ("title", pa.string()),
        ("original_title", pa.string()),
        ("year", pa.int32()),  # of its release; missing where unknown, as every number here
        ("minutes", pa.int32()),
        ("genres", pa.list_(pa.string())),
        ("keywords", pa.list_(pa.string())),
        ("directors", pa.list_(pa.string())),
        ("cast", pa.list_(pa.string())),  # the first names of the bill
        ("countries", pa.list_(pa.string())),
        ("original_language", pa.string()),  # ISO 639-1; empty where unknown
        ("rating", pa.float32()),  # from 0 to 10
        ("votes", pa.int32()),
        ("tagline", pa.string()),
        ("logline", pa.string()),  # the first sentence or two of the plot; empty where there is none
        ("plot", pa.string()),
        ("language", pa.string()),  # of the words: en or ru
        *_RIGHTS,
        ("terms", pa.string()),  # what the licence allows, in a sentence
    ]
)

GROUNDING = pa.schema(
    [
        ("story_id", pa.string()),
        ("panel", pa.int32()),
        ("kind", pa.string()),  # character, object, landmark, background, setting or phase
        ("entity", pa.string()),  # char1, the same through the story; of a setting its element, of a phase its name
        ("name", pa.string()),
        ("description", pa.string()),
        ("emotions", pa.string()),
        ("actions", pa.string()),  # of a phase its key events
        ("function", pa.string()),
        ("interaction", pa.string()),
        ("narrative_function", pa.string()),
        ("mood", pa.string()),
        ("time", pa.string()),
        ("boxes", pa.list_(pa.int32())),  # left, top, right, bottom in pixels of the panel's picture, for each box
        ("told", pa.list_(pa.int32())),  # where the caption names it: begin and end, in characters, for each place
        ("acts", pa.list_(pa.int32())),  # where the caption tells what it does, likewise
    ]
)
