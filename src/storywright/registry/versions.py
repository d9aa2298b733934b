"""Bundles in MLflow: versions of the one registered model, and the aliases that say which of them is in use.

Works on a database file as on a tracking server; `settings.tracking_uri` says which. What a version holds is copied
into a local store, `home/models/DIGEST`, and is checked against its digests each time it is asked for.
"""

import contextlib
import fcntl
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from storywright import files
from storywright.errors import BadInput, needs_extra
from storywright.progress import track
from storywright.registry import bundle as bundles
from storywright.registry.bundle import BUNDLE_FILE, ROLES, Bundle
from storywright.settings import Settings

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

MODEL = "storywright-studio"
"""Name of the registered model, and of the experiment that holds the versions' files."""

CHALLENGER, CHAMPION, PREVIOUS = "challenger", "champion", "previous"

ROLLED_BACK = "rolled_back"
"""Tag of a version that somebody went back from: it is not promoted again by itself."""

_DIGEST_TAG = "bundle_digest"
_QUIETLY = {
    # MLflow waits minutes for a server that is not there, and draws its own progress bars, unless it is told not to.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A version as the registry lists it."""

    number: str
    digest: str
    """Of its bundle; empty when somebody made the version by hand."""
    aliases: tuple[str, ...]
    tags: dict[str, str]
    run_id: str
    """The MLflow run that holds its files."""
    made_ms: int
    """When it was registered, in milliseconds since 1970."""


def register(bundle: Bundle, settings: Settings | None = None) -> str:
    """Keep a bundle as a version; one that is there already keeps its number."""
    at = _settings(settings)
    with _asking(at) as client:
        _ensure_model(client)
        query = f"name = '{MODEL}' and tags.{_DIGEST_TAG} = '{bundle.digest}'"
        if known := list(client.search_model_versions(query)):
            return str(min(int(version.version) for version in known))
        run = client.create_run(_experiment(client, at), run_name=f"bundle {bundle.digest[:12]}")
        run_id = run.info.run_id
        try:
            for role in track(ROLES, "Registering the bundle"):
                _log(client, run_id, bundle.sources[role], bundle.parts[role].artifact)
            client.log_dict(run_id, bundle.document(), BUNDLE_FILE)
        except BaseException:
            client.set_terminated(run_id, "FAILED")
            raise
        client.set_terminated(run_id)
        tags = {_DIGEST_TAG: bundle.digest, "corpus_digest": bundle.corpus_digest, "package": bundle.package}
        tags |= {f"digest.{role}": digest for role, digest in bundle.digests.items()}
        made = client.create_model_version(MODEL, source=f"runs:/{run_id}", run_id=run_id, tags=tags)
        return str(made.version)


def versions(settings: Settings | None = None) -> list[Version]:
    """All versions, the newest first."""
    at = _settings(settings)
    if _not_begun(at):
        return []
    with _asking(at) as client:
        aliases = _aliases(client)
        found = [_version(v, aliases) for v in client.search_model_versions(f"name = '{MODEL}'")]
    return sorted(found, key=lambda version: -int(version.number))


def find(name: str, settings: Settings | None = None) -> Version | None:
    """A version by its number or alias; None when there is none of that name."""
    at = _settings(settings)
    if _not_begun(at):
        return None
    with _asking(at) as client:
        aliases = _aliases(client)
        number = str(aliases.get(name, name))
        if not number.isdecimal():
            return None
        found = list(client.search_model_versions(f"name = '{MODEL}' and version_number = {int(number)}"))
        return _version(found[0], aliases) if found else None


def champion(settings: Settings | None = None) -> Bundle | None:
    """The bundle in use; None as long as nothing was promoted."""
    at = _settings(settings)
    found = find(CHAMPION, at)
    return bundles.read(fetch(CHAMPION, at) / BUNDLE_FILE, found.number) if found else None


def fetch(version: str, settings: Settings | None = None) -> Path:
    """The folder of a version in the local store, brought there when it is not, every file checked."""
    at = _settings(settings)
    found = _existing(version, at)
    if not found.digest:
        raise BadInput(
            f"Version {found.number} of {MODEL} holds no bundle (it was made or edited by hand): choose another with "
            "`storywright models list`, or remove it in MLflow."
        )
    folder = at.home / "models" / found.digest
    if folder.is_dir() and not _damage(folder, found):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with files.full_disk_named(folder), tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder.parent) as staging:
        staged = Path(staging) / "bundle"
        staged.mkdir()
        _download(found, staged, at)
        if damage := _damage(staged, found):
            raise BadInput(
                f"Version {found.number} of {MODEL} is not what was registered: {_listed(damage)}. Restore them "
                "in MLflow, or go back with `storywright models rollback`."
            )
        with contextlib.suppress(OSError):  # another process brought the same version at the same moment
            files.replace_folder(staged, folder)
    if damage := _damage(folder, found):
        raise BadInput(f"{folder} changed while it was being filled: {_listed(damage)}. Run the same command again.")
    return folder


def challenge(version: str, settings: Settings | None = None) -> None:
    """Let the alias `challenger` point at a version."""
    at = _settings(settings)
    number = _existing(version, at).number
    with _asking(at) as client:
        client.set_registered_model_alias(MODEL, CHALLENGER, number)


def promote(version: str, settings: Settings | None = None) -> None:
    """Make a version the champion, and the champion until now `previous`. Whether it may be is for `gates` to say."""
    at = _settings(settings)
    new, old = _existing(version, at), find(CHAMPION, at)
    if old and old.number == new.number:
        return
    with _asking(at) as client:
        # `previous` first: killed in between, the champion still stands and a second try repairs the rest.
        if old:
            client.set_registered_model_alias(MODEL, PREVIOUS, old.number)
        client.set_registered_model_alias(MODEL, CHAMPION, new.number)
        if CHALLENGER in new.aliases:
            client.delete_registered_model_alias(MODEL, CHALLENGER)
        if new.tags.get(ROLLED_BACK):
            client.delete_model_version_tag(MODEL, new.number, ROLLED_BACK)


def rollback(settings: Settings | None = None) -> str:
    """Make `previous` the champion again, after checking that its files are whole; returns its number."""
    at = _settings(settings)
    previous = find(PREVIOUS, at)
    if previous is None or CHAMPION in previous.aliases:
        raise BadInput(f"{MODEL} has no earlier champion to go back to: promote one with `storywright models promote`.")
    fetch(previous.number, at)
    left = _existing(CHAMPION, at)
    promote(previous.number, at)
    tag(left.number, {ROLLED_BACK: "yes"}, at)
    return previous.number


def tag(version: str, tags: dict[str, str], settings: Settings | None = None) -> None:
    """Write notes on a version."""
    at = _settings(settings)
    number = _existing(version, at).number
    with _asking(at) as client:
        for name, value in tags.items():
            client.set_model_version_tag(MODEL, number, name, value)


def describe(version: str, text: str, settings: Settings | None = None) -> None:
    """Write a version's card, in Markdown, where MLflow's page shows it."""
    at = _settings(settings)
    number = _existing(version, at).number
    with _asking(at) as client:
        client.update_model_version(MODEL, number, text)


def attach(
    version: str, papers: dict[str, Path], metrics: dict[str, float] | None = None, settings: Settings | None = None
) -> None:
    """Keep evidence with a version, by name: its evaluation, the decision about it."""
    at = _settings(settings)
    found = _existing(version, at)
    with _asking(at) as client:
        for name, path in papers.items():
            _log(client, found.run_id, path, name)
        for name, value in (metrics or {}).items():
            client.log_metric(found.run_id, name, value)


def attached(version: str, name: str, settings: Settings | None = None) -> Path | None:
    """A copy of what was attached to a version under this name; None when nothing was."""
    at = _settings(settings)
    found = _existing(version, at)
    place = at.home / "models" / "papers" / found.run_id
    place.mkdir(parents=True, exist_ok=True)
    with _asking(at) as client:
        if name not in {entry.path for entry in client.list_artifacts(found.run_id)}:
            return None
        return Path(client.download_artifacts(found.run_id, name, str(place)))


def _settings(settings: Settings | None) -> Settings:
    return settings or Settings.from_environment()


def _existing(name: str, at: Settings) -> Version:
    found = find(name, at)
    if found is None:
        known = ", ".join(version.number for version in versions(at)) or "none so far"
        raise BadInput(f"{MODEL} has no version or alias {name!r}; its versions are {known}.")
    return found


def _damage(folder: Path, version: Version) -> list[str]:
    listing = folder / BUNDLE_FILE
    if not listing.is_file():
        return [f"{BUNDLE_FILE} is missing"]
    try:
        bundle = bundles.read(listing)
    except BadInput:
        return [f"{BUNDLE_FILE} was altered"]
    if bundle.digest != version.digest:
        return [f"{BUNDLE_FILE} is of another bundle than the version's tag {_DIGEST_TAG}"]
    # The digest covers the parts' digests; those have to follow from the files.
    wrong = [
        f"{part.artifact} was altered"
        for part in bundle.parts.values()
        if (folder / part.artifact).exists() and files.digest(folder / part.artifact) != part.digest
    ]
    return bundle.damage(folder) or wrong


def _download(version: Version, folder: Path, at: Settings) -> None:
    with _asking(at) as client:
        there = {entry.path for entry in client.list_artifacts(version.run_id)}
        if BUNDLE_FILE not in there:
            return
        client.download_artifacts(version.run_id, BUNDLE_FILE, str(folder))
        wanted = [part.artifact for part in bundles.read(folder / BUNDLE_FILE).parts.values()]
        for artifact in track([name for name in wanted if name in there], f"Fetching version {version.number}"):
            client.download_artifacts(version.run_id, artifact, str(folder))


def _listed(damage: list[str]) -> str:
    more = f", and {len(damage) - 3} more" if len(damage) > 3 else ""
    return ", ".join(damage[:3]) + more


def _log(client: "MlflowClient", run_id: str, source: Path, name: str) -> None:
    if source.is_dir():
        client.log_artifacts(run_id, str(source), name)
        return
    with tempfile.TemporaryDirectory() as folder:  # MLflow keeps a file's own name
        named = Path(shutil.copyfile(source, Path(folder) / name))
        client.log_artifact(run_id, str(named))


def _version(found: "ModelVersion", aliases: dict[str, str]) -> Version:
    tags = {str(name): str(value) for name, value in found.tags.items()}
    return Version(
        number=str(found.version),
        digest=tags.get(_DIGEST_TAG, ""),
        aliases=tuple(sorted(alias for alias, number in aliases.items() if number == str(found.version))),
        tags=tags,
        run_id=found.run_id or "",
        made_ms=found.creation_timestamp,
    )


def _aliases(client: "MlflowClient") -> dict[str, str]:
    found = client.search_registered_models(f"name = '{MODEL}'")
    return {alias: str(number) for alias, number in found[0].aliases.items()} if found else {}


def _ensure_model(client: "MlflowClient") -> None:
    from mlflow.exceptions import MlflowException

    with contextlib.suppress(MlflowException):  # somebody else was first
        if not client.search_registered_models(f"name = '{MODEL}'"):
            client.create_registered_model(MODEL, description="The writer, illustrator and critic that work together.")


def _experiment(client: "MlflowClient", at: Settings) -> str:
    if found := client.get_experiment_by_name(MODEL):
        return str(found.experiment_id)
    # Without a server, MLflow would put the files into the folder that the command happens to run in.
    place = None if at.tracking_uri.startswith("http") else _artifact_folder(at).as_uri()
    return str(client.create_experiment(MODEL, artifact_location=place))


def _artifact_folder(at: Settings) -> Path:
    database = _database_file(at)
    return (database.parent if database else at.home).resolve() / "artifacts"


def _database_file(at: Settings) -> Path | None:
    """The file of a SQLite database; None for a server or another database."""
    return Path(at.tracking_uri.removeprefix("sqlite:///")) if at.tracking_uri.startswith("sqlite:///") else None


def _not_begun(at: Settings) -> bool:
    """Whether no registry was ever made here; asking MLflow would make one."""
    database = _database_file(at)
    return database is not None and not database.exists()


@contextlib.contextmanager
def _asking(at: Settings) -> Iterator["MlflowClient"]:
    """A client of the registry; what goes wrong there becomes a sentence that names the place and the remedy."""
    for name, value in _QUIETLY.items():
        os.environ.setdefault(name, value)
    with needs_extra("serve", "The model registry"):
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    for chatty in ("mlflow.store", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        with _one_at_a_time(at):
            client = MlflowClient(tracking_uri=at.tracking_uri, registry_uri=at.tracking_uri)
        yield client
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise BadInput(
            f"The registry at {_without_password(at.tracking_uri)} does not answer ({_first_line(error)}): start it, "
            "or set MLFLOW_TRACKING_URI to where it is."
        ) from error


@contextlib.contextmanager
def _one_at_a_time(at: Settings) -> Iterator[None]:
    """Let one process make the tables of a new database file while the others wait."""
    database = _database_file(at)
    if database is None:
        yield
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    with (database.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _without_password(uri: str) -> str:
    host = urlsplit(uri).hostname
    return re.sub(r"//[^@/]*@", f"//{'…' if host else ''}@", uri)


def _first_line(error: Exception) -> str:
    text = str(error).strip().split("\n")[0]
    return "no connection" if "Max retries exceeded" in text else text[:200].rstrip(".")
