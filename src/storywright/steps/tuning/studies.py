"""A study: all that was tried of one training, in a database that many workers share.

The storage is a URL: SQLite on one machine, PostgreSQL for many. A study that is there is gone on with. What a killed
worker was trying is given up and tried again. Knows nothing about how a trial is made.
"""

import contextlib
import logging
import os
import socket
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from storywright import files
from storywright.errors import BadInput
from storywright.steps.tuning.space import Choice, Real, Space, Values, flat

MOST_AGAIN = 2
"""How often what a killed worker was trying is tried again."""

_HEARTBEAT_SECONDS, _SILENT_SECONDS = 30, 180
_CONNECT_SECONDS = 10
_COUNTED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a study is kept."""

    url: str
    """SQLAlchemy's form: sqlite:///factory/tuning.db, postgresql+psycopg://user@host/database."""
    name: str

    @property
    def shown(self) -> str:
        """The URL without its password."""
        with contextlib.suppress(ArgumentError):
            return sqlalchemy.make_url(self.url).render_as_string(hide_password=True)
        return self.url


def opened(place: Place, space: Space, plan: Mapping[str, Any], *, seed: int = 0) -> optuna.Study:
    """The study of this plan, begun where it is not there; `plan` is all that decides what a trial comes to."""
    storage = _storage(place)
    study = optuna.create_study(
        storage=storage,
        study_name=place.name,
        direction="minimize" if space.better == "lower" else "maximize",
        load_if_exists=True,
        sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=5, constant_liar=True, multivariate=True),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_min_trials=2),
    )
    _refuse_other_plan(study, place, {**plan, "space": _plain(space)})
    return study


def found(place: Place) -> optuna.Study:
    """The study of this name; refuses one that was never begun."""
    storage = _storage(place)
    try:
        return optuna.load_study(study_name=place.name, storage=storage)
    except KeyError as error:
        known = ", ".join(optuna.get_all_study_names(storage)) or "none"
        raise BadInput(
            f"{place.shown} has no study {place.name!r}; there are: {known}. Begin it with tuning."
        ) from error


def state_of(study: optuna.Study) -> str:
    """Differs when something was tried since."""
    return files.digest_of([(one.number, one.state.name, one.values) for one in study.get_trials(deepcopy=False)])


def begin_with(study: optuna.Study, space: Space, values: Mapping[str, Any]) -> None:
    """Have the training's own values tried first, so that nothing worse is ever chosen."""
    own = own_values(space, values)
    if own and not study.get_trials(deepcopy=False):
        study.enqueue_trial(own, user_attrs={"own": True})


def own_values(space: Space, values: Mapping[str, Any]) -> Values:
    """The values of the space as the training has them, as far as they lie inside it."""
    known = flat(values)
    return {name: known[name] for name, kind in space.values.items() if name in known and _lies_in(known[name], kind)}


def suggested(trial: optuna.Trial, space: Space) -> Values:
    """Values to try, out of the space."""
    found: Values = {}
    for name, kind in space.values.items():
        if isinstance(kind, Choice):
            found[name] = trial.suggest_categorical(name, kind.among)
        elif isinstance(kind, Real):
            found[name] = trial.suggest_float(name, kind.least, kind.most, log=kind.log)
        else:
            found[name] = trial.suggest_int(name, kind.least, kind.most, log=kind.log)
    return found


def sign(trial: optuna.Trial) -> None:
    """Say in the study which process makes a trial, so that it is known when that one was killed."""
    trial.set_user_attr("host", socket.gethostname())
    trial.set_user_attr("process", os.getpid())
    trial.set_user_attr("process_began", _began(os.getpid()))


def give_up_killed(study: optuna.Study) -> list[int]:
    """Give up what processes of this machine were trying that are no more, and have it tried again; their numbers.

    What other machines were trying is known by their silence, which Optuna looks after.
    """
    killed = []
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        about = trial.user_attrs
        if about.get("host") != socket.gethostname() or _began(about.get("process", 0)) == about.get("process_began"):
            continue
        with contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError, ValueError):  # another was faster
            study.tell(trial.number, state=TrialState.FAIL)
            _try_again(study, trial)
            killed.append(trial.number)
    return killed


def counted(study: optuna.Study) -> int:
    """How many trials there are that came to something, or may."""
    return len(study.get_trials(deepcopy=False, states=_COUNTED))


def reasons(study: optuna.Study) -> list[str]:
    """Why trials failed, the last one last; one that could not say so was killed."""
    failed = study.get_trials(deepcopy=False, states=(TrialState.FAIL,))
    return [f"trial {one.number}: {one.user_attrs.get('why', 'its process was killed')}" for one in failed]


def _storage(place: Place) -> optuna.storages.RDBStorage:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    url = _url(place)
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_sqlite and url.database:
        with files.full_disk_named(Path(url.database).parent):
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    patience = {"timeout": 60} if is_sqlite else {"connect_timeout": _CONNECT_SECONDS}
    with warnings.catch_warnings(), _named(place):
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        with _one_at_a_time(Path(url.database) if is_sqlite and url.database else None):
            return optuna.storages.RDBStorage(
                place.url,
                engine_kwargs={"connect_args": patience, "pool_pre_ping": True},
                heartbeat_interval=_HEARTBEAT_SECONDS,
                grace_period=_SILENT_SECONDS,
                heartbeat_stale_trial_callback=_try_again,
            )


def _url(place: Place) -> sqlalchemy.URL:
    try:
        return sqlalchemy.make_url(place.url)
    except ArgumentError as error:
        raise BadInput(
            f"{place.url!r} is no storage: give a URL such as sqlite:///factory/tuning.db or "
            "postgresql+psycopg://user@host/database."
        ) from error


@contextlib.contextmanager
def _named(place: Place) -> Iterator[None]:
    """A storage that cannot be used, in words."""
    try:
        yield
    except (NoSuchModuleError, ModuleNotFoundError, ImportError) as error:
        raise BadInput(
            f"The storage {place.shown} needs a database driver that is not installed ({error}): "
            "use sqlite:/// or postgresql+psycopg://."
        ) from error
    except SQLAlchemyError as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())[:300]
        raise BadInput(
            f"The storage {place.shown} cannot be used: {reason}. Start it, or give another --storage."
        ) from error


@contextlib.contextmanager
def _one_at_a_time(database: Path | None) -> Iterator[None]:
    """The tables of a SQLite file are made by one process while the others wait."""
    import fcntl

    if database is None:
        yield
        return
    with database.with_name(f".{database.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _refuse_other_plan(study: optuna.Study, place: Place, plan: Mapping[str, Any]) -> None:
    digest = files.digest_of(plan)
    known = study.user_attrs.get("plan")
    if known is None:
        study.set_user_attr("plan", digest)
    elif known != digest:
        raise BadInput(
            f"The study {place.name!r} in {place.shown} was begun with other values, other inputs or another space: "
            "its trials cannot be compared with new ones. Give another name with --study."
        )


def _try_again(study: optuna.Study, trial: FrozenTrial) -> None:
    """Have what a killed process was trying tried again, unless it has killed several."""
    again = int(trial.user_attrs.get("again", 0))
    if again < MOST_AGAIN and trial.params:
        kept = {"again": again + 1, "again_of": trial.number} | ({"own": True} if trial.user_attrs.get("own") else {})
        study.enqueue_trial(trial.params, user_attrs=kept)


def _began(process: int) -> str:
    """When a process began, as the kernel counts; empty when there is none."""
    try:
        return Path(f"/proc/{int(process)}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, ValueError, IndexError):
        return ""


def _lies_in(value: Any, kind: Any) -> bool:
    if isinstance(kind, Choice):
        return value in kind.among
    return isinstance(value, int | float) and kind.least <= value <= kind.most


def _plain(space: Space) -> Values:
    plain = asdict(space)
    plain["values"] = {name: [type(kind).__name__, asdict(kind)] for name, kind in space.values.items()}
    return plain
