"""Publish the JSON Schemas of the documents in docs/schema/: `python docs/schema.py [--check]`."""

import json
import sys
from pathlib import Path

from storywright.board import json_schemas

FOLDER = Path(__file__).parent / "schema"


def main() -> None:
    """Write the schemas, or say with --check which of the published ones is no longer true."""
    for name, schema in json_schemas().items():
        path = FOLDER / f"{name}.schema.json"
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            sys.exit(f"{path.name} is not what the documents say: run `python docs/schema.py`.")


if __name__ == "__main__":
    main()
