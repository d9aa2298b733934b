"""Write what an image is made of: a CycloneDX document with its Python packages, Debian's packages and the models.

    python sbom.py --name serve --commit COMMIT --venv /opt/venv --debian /status --models STARTER > sbom.cdx.json

Runs while the image is built, in the environment of locks/build.txt. cyclonedx-py says what is in the virtual
environment; each model is listed with the digest of each of its files, so that whoever has the image can tell which
weights they run. The same image gives the same document. What does not keep to CycloneDX's schema ends the build.
"""

import argparse
import hashlib
import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

_SPECIFICATION = "1.6"

Document = dict[str, Any]


def document(name: str, commit: str, venv: Path, debian: Path, models: Path | None) -> Document:
    """The whole document."""
    made = _python_packages(venv)
    own = {"type": "container", "bom-ref": f"image:{name}", "name": f"storywright-{name}", "version": commit}
    others = [_python(), *_debian_packages(debian.read_text(encoding="utf-8"))]
    if models:
        others += [_model(folder) for folder in sorted(models.iterdir()) if folder.is_dir()]
    refs = [one["bom-ref"] for one in (*made["components"], *others)]
    made["metadata"]["component"] = own
    made["components"] += others
    made["dependencies"] += [{"ref": one["bom-ref"]} for one in others]
    made["dependencies"].append({"ref": own["bom-ref"], "dependsOn": sorted(refs)})
    return made


def _python_packages(venv: Path) -> Document:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "made.json"
        subprocess.run(
            [Path(sys.executable).parent / "cyclonedx-py", "environment", venv / "bin" / "python",
             "--output-reproducible", "--spec-version", _SPECIFICATION, "--no-validate", "--output-file", file],
            check=True,
        )  # fmt: skip
        found: Document = json.loads(file.read_text(encoding="utf-8"))
    found.setdefault("components", [])
    found.setdefault("dependencies", [])
    return found


def _python() -> Document:
    version = platform.python_version()
    purl = f"pkg:generic/python@{version}"
    return {
        "type": "platform", "bom-ref": purl, "name": "python", "version": version, "purl": purl,
        "licenses": [{"license": {"id": "PSF-2.0"}}],
    }  # fmt: skip


def _debian_packages(status: str) -> list[Document]:
    """The packages that dpkg's own list says are installed."""
    found = []
    for paragraph in status.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line and line[0] != " ")
        if fields.get("Status") != "install ok installed":
            continue
        name, version = fields["Package"], fields["Version"]
        purl = f"pkg:deb/debian/{name}@{version.replace(':', '%3A').replace('+', '%2B')}?arch={fields['Architecture']}"
        found.append({"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl})
    return found


def _model(folder: Path) -> Document:
    """An embedded model and its files; its card says what it learnt from and where it fails."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    parts = [
        {
            "type": "file",
            "bom-ref": f"model:{folder.name}/{path.relative_to(folder)}",
            "name": str(path.relative_to(folder)),
            "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}],
        }
        for path in files
    ]
    whole = hashlib.sha256("".join(f"{part['hashes'][0]['content']}  {part['name']}\n" for part in parts).encode())
    card = (folder / "README.md").read_text(encoding="utf-8").split("\n\n")
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model:{folder.name}",
        "name": f"storywright-{folder.name}",
        "version": whole.hexdigest()[:12],
        "description": " ".join(card[1].split()),
        "licenses": [{"license": {"id": "MIT"}}],
        "hashes": [{"alg": "SHA-256", "content": whole.hexdigest()}],
        "components": parts,
    }


def main() -> None:
    """Print the document of one image."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", required=True)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--venv", type=Path, required=True)
    parser.add_argument("--debian", type=Path, required=True)
    parser.add_argument("--models", type=Path)
    given = parser.parse_args()
    text = json.dumps(document(**vars(given)), indent=1, ensure_ascii=False, sort_keys=True)
    if wrong := JsonStrictValidator(SchemaVersion.from_version(_SPECIFICATION)).validate_str(text):
        raise SystemExit(f"sbom.py: the document of {given.name} does not keep to CycloneDX {_SPECIFICATION}: {wrong}")
    print(text)


if __name__ == "__main__":
    main()
