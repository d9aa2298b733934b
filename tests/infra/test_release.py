"""`make release` on a small checkout of its own: what is built, scanned, signed and tagged, and what is left out."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

RELEASE = Path(__file__).parents[2] / "infra" / "release" / "release.py"
PROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"
[project]
name = "small"
version = "1.2.3"
[tool.setuptools]
packages = ["small"]
package-dir = {"" = "src"}
"""
MAKEFILE = "check:\n\t@echo all is well\ntest:\n\t@echo == 3 passed ==\ntest-manifests:\n\t@echo 1 passed\n"
AUDIT = """#!{python}
import os, sys
print(os.environ.get("FOUND", '{{"dependencies": [{{"name": "numpy", "version": "2.0", "vulns": []}}]}}'))
print(os.environ.get("SAID", ""), file=sys.stderr)
"""
WEAK = json.dumps({"dependencies": [{"name": "numpy", "version": "2.0", "vulns": [{"id": "GHSA-1"}]}]})


class Checkout:
    def __init__(self, folder: Path) -> None:
        self.folder, self.environment = folder, {"GNUPGHOME": str(folder.parent / "keys")}
        (folder / "src" / "small").mkdir(parents=True)
        (folder / "infra" / "release").mkdir(parents=True)
        (folder.parent / "keys").mkdir(mode=0o700)
        self.tools = folder.parent / "tools"
        self.tools.mkdir()
        self.write("pyproject.toml", PROJECT)
        self.write("src/small/__init__.py", "")
        self.write("Makefile", MAKEFILE)
        self.write("constraints.txt", "numpy==2.0\n")
        self.write(".gitignore", "/dist/\n/build/\n*.egg-info/\n")
        self.write("infra/release/exceptions.yaml", "packages: []\ninfrastructure: []\n")
        self.tool("pip-audit", AUDIT.format(python=sys.executable))
        self.git("init", "--quiet")
        self.commit()

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def tool(self, name: str, text: str) -> None:
        (self.tools / name).write_text(text)
        (self.tools / name).chmod(0o755)

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
        done = subprocess.run(["git", *who, *words], cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self) -> None:
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", "what stands")

    def release(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        names = {"GIT_COMMITTER_NAME": "somebody", "GIT_COMMITTER_EMAIL": "somebody@example.org"}
        path = f"{self.tools}{os.pathsep}/usr/bin{os.pathsep}/bin"
        return subprocess.run(
            [sys.executable, RELEASE, *words], cwd=self.folder, capture_output=True, text=True, check=False,
            env=os.environ | self.environment | names | {"PATH": path} | environment,
        )  # fmt: skip

    def excepting(self, until: str, because: str = "we never call it") -> None:
        line = f"  - {{id: GHSA-1, until: {until}, because: {because}}}\n"
        self.write("infra/release/exceptions.yaml", f"packages:\n{line}infrastructure: []\n")
        self.commit()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "checkout")


def line(done: subprocess.CompletedProcess[str], part: str) -> str:
    (found,) = [one for one in done.stdout.splitlines() if one[10:].split()[0] == part]
    return found


@pytest.mark.system("git", "make", "gpg")
def test_a_release_is_built_tested_signed_and_tagged_and_says_what_it_left_out(checkout: Checkout) -> None:
    key = ["gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", "", "--quick-generate-key", "somebody"]
    subprocess.run(key, env=os.environ | checkout.environment, check=True, capture_output=True)
    done = checkout.release()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "dist/small-1.2.3-py3-none-any.whl" in line(done, "wheel")
    assert line(done, "tests").endswith("`make test`: 3 passed")
    assert line(done, "packages").startswith("done")
    assert line(done, "infrastructure") == (
        "left out  infrastructure  checkov is not installed: make .venv-terraform/.installed"
    )
    assert line(done, "images").startswith("left out")
    (tag,) = checkout.git("tag", "--list").splitlines()
    assert tag == f"v1.2.3-{checkout.git('rev-parse', 'HEAD')[:12]}"
    dist = checkout.folder / "dist"
    verify = ["gpg", "--verify", dist / "SHA256SUMS.asc", dist / "SHA256SUMS"]
    subprocess.run(verify, env=os.environ | checkout.environment, check=True, capture_output=True)
    subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=dist, check=True, capture_output=True)
    kept = json.loads((dist / "release.json").read_text())
    assert kept["commit"] == checkout.git("rev-parse", "HEAD")
    assert "small-1.2.3-py3-none-any.whl" in kept["files"]
    subprocess.run(["gpgconf", "--kill", "gpg-agent"], env=os.environ | checkout.environment, check=False)


@pytest.mark.system("git", "make")
def test_what_fails_or_is_left_out_of_a_complete_release_keeps_the_tag_away(checkout: Checkout) -> None:
    parts = ("--only", "tests", "packages", "signatures")
    assert line(checkout.release(*parts), "signatures") == "left out  signatures      there is no wheel to sign"
    complete = checkout.release("--complete", *parts)
    assert complete.returncode == 1
    checkout.write("Makefile", MAKEFILE.replace("@echo == 3 passed ==", "@echo 1 failed; exit 1"))
    checkout.commit()
    done = checkout.release("--only", "tests", "checks")
    assert done.returncode == 1
    assert line(done, "tests").startswith("failed")
    assert "all of it in dist/test.log" in line(done, "tests")
    assert line(done, "checks").startswith("done")
    assert checkout.git("tag", "--list") == ""


@pytest.mark.system("git")
def test_what_is_not_committed_is_not_released(checkout: Checkout) -> None:
    checkout.write("constraints.txt", "numpy==2.1\n")
    done = checkout.release()
    assert done.returncode == 2
    assert "constraints.txt is changed: commit it first" in done.stderr
    assert "there is no part 'imagse'" in checkout.release("--only", "imagse").stderr


@pytest.mark.system("git")
def test_a_weakness_fails_until_it_is_excepted_with_a_reason_and_a_day_that_is_to_come(checkout: Checkout) -> None:
    def scanned(**environment: str) -> str:
        return line(checkout.release("--only", "packages", **environment), "packages")

    assert "numpy has GHSA-1 (1 in all): raise its pin" in scanned(FOUND=WEAK)
    checkout.excepting("2999-01-01")
    assert scanned(FOUND=WEAK).startswith("done")
    assert "nothing has GHSA-1 any more" in scanned()
    checkout.excepting("2020-01-01")
    assert "was excepted until 2020-01-01: look at it again" in scanned(FOUND=WEAK)
    checkout.excepting("2999-01-01", because="''")
    assert "needs `because` and a day" in scanned(FOUND=WEAK)
    assert "it needs the network" in scanned(FOUND="", SAID="requests.exceptions.ConnectionError: Max retries exceeded")
    assert "pip-audit: something else" in scanned(FOUND="", SAID="something else")
    (checkout.tools / "pip-audit").unlink()
    assert scanned().endswith("pip-audit is not installed: pip install pip-audit")


@pytest.mark.system("git")
def test_a_wheel_holds_the_commit_and_nothing_that_lies_beside_it(checkout: Checkout) -> None:
    checkout.write("pyproject.toml", PROJECT + '[tool.setuptools.package-data]\nsmall = ["*"]\n')
    checkout.commit()
    checkout.write("src/small/notes.txt", "for myself")
    left = checkout.folder / "build" / "lib" / "small"
    left.mkdir(parents=True)
    (left / "gone.py").write_text("# was deleted long ago\n")
    done = checkout.release("--only", "wheel")
    assert line(done, "wheel").startswith("done")
    (wheel,) = (checkout.folder / "dist").glob("*.whl")
    held = [name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("small/")]
    assert held == ["small/__init__.py"]


@pytest.mark.system("git")
def test_a_wheel_that_holds_what_is_not_for_others_is_no_release(checkout: Checkout) -> None:
    pyproject = PROJECT + '[tool.setuptools.package-data]\nsmall = ["*"]\n'
    checkout.write("pyproject.toml", pyproject)
    checkout.write("src/small/server.pem", "-----BEGIN")
    checkout.commit()
    assert "holds small/server.pem" in line(checkout.release("--only", "wheel"), "wheel")
