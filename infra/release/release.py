"""Make a release of the commit that is checked out: `make release`.

Builds the wheel and the images, runs the tests, scans, signs, and tags the commit; one line says how each part ended:
`done`, `failed`, or `left out` with the tool, the key or the network that is missing. A part that failed keeps the tag
away; one that was left out does not, unless --complete asks for all. What was found and made, with digests, lies in
dist/release.json. Exceptions of the scans stand in exceptions.yaml, each with its reason and the day on which it ends.
"""

import argparse
import datetime
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

DIST = Path("dist")
EXCEPTIONS = Path("infra/release/exceptions.yaml")
_MUST_HOLD = ("src/storywright/py.typed", "src/storywright/starter")
_MUST_NOT_HOLD = re.compile(r"(^|/)(\.env|\.git|id_rsa|.*\.pem|.*\.key)(/|$)")
_UNREACHABLE = re.compile(
    r"ConnectionError|Max retries|Could not connect|Name or service|timed out|ProxyError|SSLError"
)


class LeftOut(Exception):
    """A part cannot be done here; the message says what is missing."""


class Failed(Exception):
    """A part was done and is not well; the message says what was found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """How a part ended."""

    part: str
    result: str
    """done, failed or left out."""
    said: str


def main() -> int:
    """Make the release; 1 when a part failed, 2 when it cannot begin."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--complete", action="store_true", help="a part that is left out counts as failed")
    parser.add_argument("--only", nargs="+", metavar="PART", help="these parts alone; nothing is tagged then")
    given = parser.parse_args()
    parts: dict[str, Callable[[], str]] = {
        "wheel": wheel,
        "images": images,
        "checks": lambda: made("check"),
        "tests": lambda: made("test"),
        "manifests": lambda: made("test-manifests"),
        "packages": packages,
        "infrastructure": infrastructure,
        "signatures": signatures,
    }
    if unknown := sorted(set(given.only or ()) - set(parts)):
        parser.error(f"there is no part {unknown[0]!r}; the parts are {', '.join(parts)}")
    if changed := run("git", "status", "--porcelain", "--untracked-files=no"):
        parser.error(f"a release is of a commit, and {changed.splitlines()[0].split()[-1]} is changed: commit it first")
    DIST.mkdir(exist_ok=True)
    ended = [one_line(name, parts[name]) for name in parts if not given.only or name in given.only]
    well = all(one.result == "done" or (one.result == "left out" and not given.complete) for one in ended)
    if well and not given.only:
        ended.append(one_line("tag", tag))
    write_down(ended)
    return 0 if well else 1


def one_line(name: str, part: Callable[[], str]) -> Ended:
    """Do a part, and say in a line how it ended."""
    try:
        ended = Ended(part=name, result="done", said=part())
    except LeftOut as error:
        ended = Ended(part=name, result="left out", said=str(error))
    except Failed as error:
        ended = Ended(part=name, result="failed", said=str(error))
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout or "").strip().splitlines()
        words = " ".join(str(word) for word in error.cmd)
        ended = Ended(part=name, result="failed", said=f"`{words}`: {said[-1] if said else error.returncode}")
    sys.stdout.write(f"{ended.result:<9} {name:<15} {ended.said}\n")
    sys.stdout.flush()
    return ended


def wheel() -> str:
    """The wheel of this commit: with the embedded models, and nothing that is not for others."""
    for old in DIST.glob("*.whl"):
        old.unlink()
    date = run("git", "log", "-1", "--format=%ct")
    # Of the commit's files alone: what lies beside them, or was left by an earlier build, would go into it too.
    with tempfile.TemporaryDirectory() as folder:
        run("git", "archive", "--output", f"{folder}/files.tar", "HEAD")
        Path(folder, "source").mkdir()
        run("tar", "--extract", "--file", f"{folder}/files.tar", "--directory", f"{folder}/source")
        run(
            sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(DIST), f"{folder}/source",
            SOURCE_DATE_EPOCH=date,
        )  # fmt: skip
    (path,) = DIST.glob("*.whl")
    names = zipfile.ZipFile(path).namelist()
    if missing := [name for name in must_hold() if name not in names]:
        raise Failed(f"{path.name} lacks {missing[0]}: see package-data in pyproject.toml")
    if private := [name for name in names if _MUST_NOT_HOLD.search(name)]:
        raise Failed(f"{path.name} holds {private[0]}, which is not for others")
    return f"{path}, {path.stat().st_size / 2**20:.1f} MiB, {len(names)} files"


def must_hold() -> list[str]:
    """What a wheel of this commit has to hold: the types' marker, and every file of the embedded models."""
    return [name.removeprefix("src/") for name in run("git", "ls-files", *_MUST_HOLD).splitlines()]


def images() -> str:
    """The images of this commit, tagged by it."""
    if shutil.which("docker") is None:
        raise LeftOut("docker is not installed")
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        raise LeftOut("no Docker Engine answers `docker info`: start one, or set DOCKER_HOST")
    made("images")
    return f"data, train, serve and mlflow, tagged {commit()}"


def made(target: str) -> str:
    """A target of the Makefile; what it says goes to a file."""
    log = DIST / f"{target}.log"
    with log.open("w", encoding="utf-8") as out:
        done = subprocess.run(
            ["make", "--no-print-directory", target], stdout=out, stderr=subprocess.STDOUT, check=False
        )
    lines = log.read_text(encoding="utf-8").strip().splitlines()
    if done.returncode:
        raise Failed(f"`make {target}`: {lines[-1] if lines else done.returncode}; all of it in {log}")
    return f"`make {target}`: {lines[-1].strip('= ') if lines else 'nothing said'}"


def packages() -> str:
    """Known weaknesses of the pinned packages, by pip-audit."""
    if shutil.which("pip-audit", path=search_path()) is None:
        raise LeftOut("pip-audit is not installed: pip install pip-audit")
    done = subprocess.run(
        ["pip-audit", "--requirement", "constraints.txt", "--no-deps", "--disable-pip", "--format", "json"],
        capture_output=True, text=True, check=False, env=os.environ | {"PATH": search_path()},
    )  # fmt: skip
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError) as error:
        if _UNREACHABLE.search(done.stderr):
            raise LeftOut("pip-audit reaches no list of weaknesses: it needs the network") from error
        raise Failed(
            f"pip-audit: {done.stderr.strip().splitlines()[-1] if done.stderr else done.returncode}"
        ) from error
    excepted = exceptions("packages")
    known = {weak["id"]: one["name"] for one in found for weak in one.get("vulns", [])}
    if new := sorted(set(known) - set(excepted)):
        raise Failed(f"{known[new[0]]} has {new[0]} ({len(new)} in all): raise its pin, or except it in {EXCEPTIONS}")
    if done_with := sorted(set(excepted) - set(known)):
        raise Failed(f"nothing has {done_with[0]} any more: take it out of {EXCEPTIONS}")
    return f"{len(found)} packages, {len(known)} known weaknesses, each excepted until a day"


def infrastructure() -> str:
    """Terraform and Dockerfiles by checkov, whose exceptions stand beside what they except."""
    if shutil.which("checkov", path=search_path()) is None:
        raise LeftOut("checkov is not installed: make .venv-terraform/.installed")
    words = ["checkov", "--framework", "terraform", "dockerfile", "--skip-download", "--quiet", "--compact"]
    words += [word for place in ("terraform", "components", "mlflow") if Path(place).exists() for word in ("-d", place)]
    words += ["--skip-check", ",".join(excepted)] if (excepted := exceptions("infrastructure")) else []
    done = subprocess.run(
        [*words, "--output", "json"], capture_output=True, text=True, check=False,
        env=os.environ | {"PATH": search_path()},
    )  # fmt: skip
    try:
        reports = json.loads(done.stdout)
    except ValueError as error:
        raise Failed(f"checkov: {(done.stderr.strip().splitlines() or [done.returncode])[-1]}") from error
    reports = [one for one in (reports if isinstance(reports, list) else [reports]) if "summary" in one]
    failed = [check for one in reports for check in one.get("results", {}).get("failed_checks", [])]
    if failed:
        first = failed[0]
        raise Failed(f"{first['check_id']} in {first['file_path']} ({len(failed)} in all): {first['check_name']}")
    return f"{sum(one['summary']['passed'] for one in reports)} checks passed"


def signatures() -> str:
    """Sign what is in dist/, with the keys that are here."""
    wheels = sorted(DIST.glob("*.whl"))
    if not wheels:
        raise LeftOut("there is no wheel to sign")
    sums = DIST / "SHA256SUMS"
    sums.write_text("".join(f"{digest(path)}  {path.name}\n" for path in wheels), encoding="utf-8")
    signed = [*_signed_by_gpg([*wheels, sums]), *_signed_by_cosign([*wheels, sums])]
    if not signed:
        raise LeftOut("no key is here: gpg has no secret key, and COSIGN_KEY names none for cosign")
    return ", ".join(signed)


def _signed_by_gpg(paths: list[Path]) -> list[str]:
    if shutil.which("gpg") is None:
        return []
    keys = run("gpg", "--batch", "--list-secret-keys", "--with-colons")
    if not (found := re.search(r"^fpr:+(\w+):", keys, flags=re.M)):
        return []
    for path in paths:
        run("gpg", "--batch", "--yes", "--armor", "--local-user", found[1], "--detach-sign", str(path))
    return [f"gpg {found[1][-16:]}"]


def _signed_by_cosign(paths: list[Path]) -> list[str]:
    key = os.environ.get("COSIGN_KEY", "")
    if not key:
        return []
    if shutil.which("cosign") is None:
        raise Failed("COSIGN_KEY names a key, and cosign is not installed")
    for path in paths:
        run("cosign", "sign-blob", "--yes", "--key", key, "--output-signature", f"{path}.sig", str(path))
    return ["cosign"]


def tag() -> str:
    """Tag the commit; a tag that stands there for it already stays."""
    found = re.search(r'^version = "(.+)"$', Path("pyproject.toml").read_text(encoding="utf-8"), flags=re.M)
    assert found, "pyproject.toml says the version"
    name = f"v{found[1]}-{commit()[:12]}"
    if run("git", "tag", "--list", name):
        return f"{name} was there"
    run("git", "tag", "--annotate", "--message", f"storywright {found[1]} of {commit()}", name)
    return f"{name}; `git push origin {name}` shows it to others"


def exceptions(scan: str, today: datetime.date | None = None) -> dict[str, str]:
    """What a scan may find: the reason by its name. One whose day has passed fails the release."""
    found: list[dict[str, Any]] = yaml.safe_load(EXCEPTIONS.read_text(encoding="utf-8"))[scan] or []
    for one in found:
        if not (one.get("because") and isinstance(one.get("until"), datetime.date)):
            raise Failed(f"{one.get('id')} in {EXCEPTIONS} needs `because` and a day in `until`")
        if one["until"] < (today or datetime.date.today()):
            raise Failed(f"{one['id']} was excepted until {one['until']}: look at it again in {EXCEPTIONS}")
    return {one["id"]: one["because"] for one in found}


def write_down(ended: list[Ended]) -> None:
    """dist/release.json: what was made, and how."""
    files = [path for path in sorted(DIST.iterdir()) if path.is_file() and path.suffix in (".whl", ".asc", ".sig")]
    said = {
        "commit": commit(),
        "files": {path.name: digest(path) for path in files},
        "parts": [asdict(one) for one in ended],
    }
    (DIST / "release.json").write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


def commit() -> str:
    """The commit that is checked out."""
    return run("git", "rev-parse", "HEAD")


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def search_path() -> str:
    """Where tools are looked for: the two environments of this checkout too."""
    return os.pathsep.join([".venv/bin", ".venv-terraform/bin", os.environ.get("PATH", "")])


def run(*words: str, **environment: str) -> str:
    """A program's answer."""
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=os.environ | environment)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
