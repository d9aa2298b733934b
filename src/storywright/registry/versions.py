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
import time
from collections.abc import Iterator, Sequence
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
"""Tag of a version that was gone back from, with the reason: it is not promoted again by itself."""
REFUSED = "champion.refused"
"""Tag of a version that somebody made champion in MLflow, with the reason why the gates put the alias back."""

# Who may be champion is written down beside the alias, so that a change of the alias in MLflow itself is noticed.
# The intention comes first: killed in between, whoever looks next finishes the promotion instead of undoing it.
_APPROVED, _APPROVING = "champion.approved", "champion.approving"
_SERVED = "champion.since_ms"
"""Tag of a version that was champion once: one may go back to it."""
_DIGEST_TAG, _ROLE_TAG = "bundle_digest", "digest."
_LONGEST_TAG = 4_000
_BATCH = 1_000  # as many metrics as MLflow takes at once
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

    @property
    def digests(self) -> dict[str, str]:
        """The digest of each part, by role."""
        named = {name: value for name, value in self.tags.items() if name.startswith(_ROLE_TAG)}
        return {name.removeprefix(_ROLE_TAG): value for name, value in sorted(named.items())}


class RegistryAwayError(BadInput):
    """The registry does not answer: nothing is known about what it holds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Who is champion by the alias, and who may be."""

    champion: Version | None
    previous: Version | None
    approved: str
    """The version that was promoted last; empty before the first promotion."""
    approving: str
    """The version that is being promoted at this moment, or was when somebody's process ended."""

    @property
    def by_hand(self) -> bool:
        """Whether the alias was moved by somebody else than `promote`."""
        return self.champion is not None and self.champion.number not in (self.approved, self.approving)

    @property
    def unfinished(self) -> bool:
        """Whether `promote` ended after it had moved the alias, and before it had said so."""
        return self.champion is not None and self.approved != self.champion.number == self.approving


def register(bundle: Bundle, settings: Settings | None = None) -> str:
    """Keep a bundle as a version; one that is there already keeps its number."""
    at = _settings(settings)
    with asking(at) as client:
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
        tags |= {f"{_ROLE_TAG}{role}": digest for role, digest in bundle.digests.items()}
        made = client.create_model_version(MODEL, source=f"runs:/{run_id}", run_id=run_id, tags=tags)
        return str(made.version)


def versions(settings: Settings | None = None) -> list[Version]:
    """All versions, the newest first."""
    at = _settings(settings)
    if _not_begun(at):
        return []
    with asking(at) as client:
        aliases, _ = _model(client)
        found = [_version(v, aliases) for v in client.search_model_versions(f"name = '{MODEL}'")]
    return sorted(found, key=lambda version: -int(version.number))


def find(name: str, settings: Settings | None = None) -> Version | None:
    """A version by its number or alias; None when there is none of that name."""
    at = _settings(settings)
    if _not_begun(at):
        return None
    with asking(at) as client:
        aliases, _ = _model(client)
        return _of_number(client, aliases.get(name, name), aliases)


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
    with asking(at) as client:
        client.set_registered_model_alias(MODEL, CHALLENGER, number)


def standing(settings: Settings | None = None) -> Standing:
    """Who is champion, and whether that was approved."""
    at = _settings(settings)
    if _not_begun(at):
        return Standing(champion=None, previous=None, approved="", approving="")
    with asking(at) as client:
        aliases, tags = _model(client)
        named = {
            alias: _of_number(client, aliases[alias], aliases) for alias in (CHAMPION, PREVIOUS) if alias in aliases
        }
    return Standing(
        champion=named.get(CHAMPION),
        previous=named.get(PREVIOUS),
        approved=tags.get(_APPROVED, ""),
        approving=tags.get(_APPROVING, ""),
    )


def promote(version: str, settings: Settings | None = None) -> None:
    """Make a version the champion, and the champion until now `previous`. Whether it may be is for `gates` to say.

    A version that became champion by hand is approved by it.
    """
    at = _settings(settings)
    new, now = _existing(version, at), standing(at)
    champion = now.champion.number if now.champion else ""
    # Of a champion that was made by hand nobody knows anything: one goes back to the one before it.
    left = (now.approved or champion) if now.by_hand else champion
    if champion == new.number == now.approved:
        return
    with asking(at) as client:
        client.set_registered_model_tag(MODEL, _APPROVING, new.number)
        # `previous` first: killed in between, the champion still stands and a second try repairs the rest.
        if left and left != new.number:
            client.set_registered_model_alias(MODEL, PREVIOUS, left)
        client.set_registered_model_alias(MODEL, CHAMPION, new.number)
        if CHALLENGER in new.aliases:
            client.delete_registered_model_alias(MODEL, CHALLENGER)
        for name in (ROLLED_BACK, REFUSED):
            if new.tags.get(name):
                client.delete_model_version_tag(MODEL, new.number, name)
        client.set_model_version_tag(MODEL, new.number, _SERVED, str(time.time_ns() // 1_000_000))
        client.set_registered_model_tag(MODEL, _APPROVED, new.number)
        client.delete_registered_model_tag(MODEL, _APPROVING)


def rollback(settings: Settings | None = None, reason: str = "by hand") -> str:
    """Make `previous` the champion again, after checking that its files are whole; returns its number."""
    at = _settings(settings)
    now = standing(at)
    if now.previous is None or now.champion is None or now.previous.number == now.champion.number:
        raise BadInput(f"{MODEL} has no earlier champion to go back to: promote one with `storywright models promote`.")
    fetch(now.previous.number, at)
    tag(now.champion.number, {ROLLED_BACK: reason[:_LONGEST_TAG]}, at)
    promote(now.previous.number, at)
    return now.previous.number


def withdraw(version: str, reason: str, settings: Settings | None = None) -> str:
    """Let a version be champion no longer because it failed in service; returns who is champion then, if anybody.

    Several servers may find that at once: the first one goes back, the others only say so too.
    """
    at = _settings(settings)
    now, failed = standing(at), _existing(version, at)
    champion = now.champion.number if now.champion else ""
    tag(failed.number, {ROLLED_BACK: reason[:_LONGEST_TAG]}, at)
    if champion != failed.number:
        return champion
    if now.previous and now.previous.number != failed.number:
        return rollback(at, reason)
    _leave_without(at)
    return ""


def put_back(version: str, reason: str, settings: Settings | None = None) -> str:
    """Undo that somebody made a version champion by hand; returns who is champion then, if anybody."""
    at = _settings(settings)
    now = standing(at)
    tag(version, {REFUSED: reason[:_LONGEST_TAG]}, at)
    if not now.by_hand or now.champion is None or now.champion.number != version:
        return now.champion.number if now.champion else ""  # another server was first
    if not now.approved:
        _leave_without(at)
        return ""
    with asking(at) as client:
        client.set_registered_model_alias(MODEL, CHAMPION, now.approved)
    return now.approved


def go_back_by_hand(settings: Settings | None = None) -> None:
    """Approve that somebody moved the alias to the champion before this one."""
    at = _settings(settings)
    now = standing(at)
    assert now.champion is not None
    promote(now.champion.number, at)
    if now.approved:
        tag(now.approved, {ROLLED_BACK: "the alias was moved back in MLflow"}, at)


def was_champion(version: Version) -> bool:
    """Whether it was promoted once."""
    return _SERVED in version.tags


def tag(version: str, tags: dict[str, str], settings: Settings | None = None) -> None:
    """Write notes on a version."""
    at = _settings(settings)
    number = _existing(version, at).number
    with asking(at) as client:
        for name, value in tags.items():
            client.set_model_version_tag(MODEL, number, name, value)


def describe(version: str, text: str, settings: Settings | None = None) -> None:
    """Write a version's card, in Markdown, where MLflow's page shows it."""
    at = _settings(settings)
    number = _existing(version, at).number
    with asking(at) as client:
        client.update_model_version(MODEL, number, text)


def attach(
    version: str, papers: dict[str, Path], metrics: dict[str, float] | None = None, settings: Settings | None = None
) -> None:
    """Keep evidence with a version, by name: its evaluation, the decision about it."""
    with needs_extra("serve", "The model registry"):
        from mlflow.entities import Metric
    at = _settings(settings)
    found = _existing(version, at)
    with asking(at) as client:
        for name, path in papers.items():
            _log(client, found.run_id, path, name)
        now = time.time_ns() // 1_000_000
        values = [Metric(name, value, now, 0) for name, value in (metrics or {}).items()]
        for start in range(0, len(values), _BATCH):
            client.log_batch(found.run_id, metrics=values[start : start + _BATCH])


@contextlib.contextmanager
def papers(version: str, names: Sequence[str], settings: Settings | None = None) -> Iterator[Path]:
    """A folder with fresh copies of what was attached to a version under these names; what is not there is left out."""
    at = _settings(settings)
    found = _existing(version, at)
    with tempfile.TemporaryDirectory(prefix="storywright-papers-") as folder:
        with asking(at) as client:
            there = {entry.path for entry in client.list_artifacts(found.run_id)} if found.run_id else set()
            for name in names:
                if name in there:
                    client.download_artifacts(found.run_id, name, folder)
        yield Path(folder)


def attached(version: str, name: str, settings: Settings | None = None) -> Path | None:
    """A copy of what was attached to a version under this name; None when nothing was."""
    at = _settings(settings)
    found = _existing(version, at)
    place = at.home / "models" / "papers" / found.run_id
    place.mkdir(parents=True, exist_ok=True)
    with asking(at) as client:
        if name not in {entry.path for entry in client.list_artifacts(found.run_id)}:
            return None
        return Path(client.download_artifacts(found.run_id, name, str(place)))


@contextlib.contextmanager
def asking(at: Settings) -> Iterator["MlflowClient"]:
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
        raise RegistryAwayError(
            f"The registry at {_without_password(at.tracking_uri)} does not answer ({_first_line(error)}): start it, "
            "or set MLFLOW_TRACKING_URI to where it is."
        ) from error


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
    with asking(at) as client:
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


def _of_number(client: "MlflowClient", number: str, aliases: dict[str, str]) -> Version | None:
    if not number.isdecimal():
        return None
    found = list(client.search_model_versions(f"name = '{MODEL}' and version_number = {int(number)}"))
    return _version(found[0], aliases) if found else None


def _leave_without(at: Settings) -> None:
    """Take the alias away where there is nobody to go back to."""
    with asking(at) as client:
        client.delete_registered_model_alias(MODEL, CHAMPION)
        if _APPROVED in _model(client)[1]:
            client.delete_registered_model_tag(MODEL, _APPROVED)


def _model(client: "MlflowClient") -> tuple[dict[str, str], dict[str, str]]:
    """The aliases and the tags of the registered model."""
    found = client.search_registered_models(f"name = '{MODEL}'")
    if not found:
        return {}, {}
    aliases = {str(alias): str(number) for alias, number in found[0].aliases.items()}
    return aliases, {str(name): str(value) for name, value in found[0].tags.items()}


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
