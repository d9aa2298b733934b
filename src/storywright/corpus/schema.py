"""The one format between collecting and training: Parquet with embedded pictures.

Two tables. `panels` holds one row a panel, the panels of a story in order and in one shard; `concepts` holds one row
an ad concept. The metadata that `datasets` looks for is written along, so that `load_dataset("parquet", …)` gives
decoded pictures.
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
