"""Keys, sessions, and the commands that make and end them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from storywright.errors import BadInput
from storywright.server.callers import Caller
from storywright.server.keys import Keys
from storywright.studio import workspaces
from storywright.watch import database


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(database.engine(f"sqlite:///{tmp_path}/studio.db"))


def test_a_key_opens_its_workspace_with_its_role_and_its_secret_is_nowhere(keys: Keys, tmp_path: Path) -> None:
    key, token = keys.make("Anna", workspace="acme", role="editor", days=1)
    assert keys.holder(token) == Caller(user="Anna", workspace="acme", role="editor", by="key", key=key.id)
    assert [one.name for one in keys.listed()] == ["Anna"]
    with database.engine(f"sqlite:///{tmp_path}/studio.db").connect() as connection:
        kept = str(connection.execute(text("SELECT * FROM keys")).all())
    assert token.rsplit("_", 1)[1] not in kept
    for wrong in ("", "storywright_", token[:-1], token[:-1] + ("0" if token[-1] != "0" else "1"), token.upper()):
        assert keys.holder(wrong) is None


def test_a_revoked_or_expired_key_opens_nothing_and_ends_its_sessions(
    keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, token = keys.make("Anna", workspace="acme", role="viewer", days=1)
    holder = keys.holder(token)
    assert holder is not None
    secret = keys.begin_session(holder)
    assert keys.in_session(secret) == Caller(
        user="Anna", workspace="acme", role="viewer", by="session", key=keys.in_session(secret).key  # type: ignore[union-attr]
    )  # fmt: skip
    assert keys.revoke(key.id).state == "revoked"
    assert keys.holder(token) is None
    assert keys.in_session(secret) is None
    _, short = keys.make("Ben", workspace="acme", role="viewer", days=1 / 24)
    caller = keys.holder(short)
    assert caller is not None
    session = keys.begin_session(caller)
    later = database.now_ms() + 2 * 60 * 60 * 1_000
    monkeypatch.setattr("storywright.server.keys.now_ms", lambda: later)
    assert keys.holder(short) is None
    assert keys.in_session(session) is None
    assert not keys.any_usable()
    with pytest.raises(BadInput, match="storywright keys list"):
        keys.revoke("none")


def test_a_session_that_a_provider_vouched_for_ends_when_one_signs_out(keys: Keys) -> None:
    secret = keys.begin_session(Caller(user="anna@example.org", workspace="acme", role="admin", by="session"))
    known = keys.in_session(secret)
    assert known is not None and known.role == "admin"
    keys.end_session(secret)
    assert keys.in_session(secret) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "a\nb"}, "is no name of a key"),
        ({"name": " "}, "is no name of a key"),
        ({"workspace": "Acme"}, "is no name of a workspace"),
        ({"workspace": "a--b"}, "is no name of a workspace"),
        ({"role": "owner"}, "viewer, editor, admin"),
        ({"days": 0}, "more than 0"),
    ],
)
def test_what_no_key_can_be_is_refused(keys: Keys, change: dict[str, object], said: str) -> None:
    usual: dict[str, object] = {"name": "Anna", "workspace": "acme", "role": "editor", "days": 1}
    with pytest.raises(BadInput, match=said):
        keys.make(**(usual | change))  # type: ignore[arg-type]


def test_a_name_says_whose_it_is() -> None:
    assert workspaces.own("3f2a-1", "acme") == "acme--3f2a-1"
    assert workspaces.of("acme--3f2a-1") == "acme"
    assert workspaces.of("3f2a-1") == workspaces.HOME == workspaces.of(workspaces.own("3f2a-1", workspaces.HOME))


def test_the_commands_make_list_revoke_and_tell(tmp_path: Path) -> None:
    made = command("make", "Anna", "--workspace", "acme", "--role", "viewer", "--days", "30")
    token = made.stdout.strip()
    assert made.returncode == 0 and token.startswith("storywright_")
    key_id = token.split("_")[1]
    assert f"id {key_id}" in made.stderr and token not in made.stderr
    assert command("revoke", key_id).returncode == 0
    listed = command("list").stdout
    assert "Anna" in listed and "revoked" in listed and token not in listed
    told = command("audit").stdout.splitlines()
    assert "keys revoke" in told[0] and "keys make" in told[1] and f"key={key_id}" in told[1]
    assert command("revoke", "none").returncode == 2


def command(*words: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "storywright", "keys", *words]
    return subprocess.run(call, capture_output=True, text=True, timeout=120, check=False, env=dict(os.environ))
