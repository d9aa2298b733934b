"""The images on a real Docker Engine: `make test-images` builds them, looks into them, and runs everything inside.

What is measured on the way is written to docs/results/images.md.
"""

import contextlib
import hashlib
import importlib.util
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

docker = pytest.importorskip("docker")

ROOT = Path(__file__).parents[2]
IMAGES = ("data", "train", "serve", "mlflow")
PROGRAMS = ("dockerd", "debootstrap", "pg_ctl", "psql", "prometheus", "prometheus-alertmanager")
SITE = "opt/venv/lib/python3.11/site-packages"
SERVICES = yaml.safe_load((ROOT / "infra" / "compose.yaml").read_text())


def module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec and spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


engine, dag = module("engine"), module("engine_dag")

pytestmark = [
    pytest.mark.skipif(os.environ.get("STORYWRIGHT_IMAGES") != "1", reason="builds images: make test-images"),
    pytest.mark.system(*PROGRAMS),
    pytest.mark.timeout(3600),
]


class Figures:
    """What was measured, in the order in which it was."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}

    def add(self, what: str, value: str) -> None:
        self.rows[what] = value


@pytest.fixture(scope="session")
def figures() -> Iterator[Figures]:
    found = Figures()
    yield found
    if len(found.rows) > 10:  # a run of single tests leaves the page as it is
        write_page(found)


def write_page(figures: Figures) -> None:
    cpu = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    load = os.getloadavg()[1]
    rows = "".join(f"| {what} | {value} |\n" for what, value in figures.rows.items())
    text = (
        "# The images, measured\n\n"
        f"Written by `make test-images` on {os.cpu_count()} cores ({cpu[1] if cpu else '?'}) at a load of {load:.1f}. "
        "The engine is Debian's, and what stands in for `python:3.11-slim-bookworm` is Debian's own Python.\n\n"
        f"| | |\n|---|---|\n{rows}"
    )
    (ROOT / "docs" / "results" / "images.md").write_text(text)


@pytest.fixture(scope="session")
def asked() -> Iterator[dict[str, str]]:
    """The engine; programs and docker-py find it in the environment."""
    with engine.running() as environment:
        before = dict(os.environ)
        os.environ |= environment
        try:
            yield environment
        finally:
            os.environ.clear()
            os.environ |= before


@pytest.fixture(scope="session")
def client(asked: dict[str, str]) -> Iterator[Any]:
    made = docker.from_env(timeout=600)
    yield made
    made.close()


@pytest.fixture(scope="session")
def commit(client: Any, figures: Figures) -> str:
    """Builds all four as `make images` does; those of STORYWRIGHT_IMAGES_COMMIT are there, and used as they are."""
    made = os.environ.get("STORYWRIGHT_IMAGES_COMMIT")
    if not made:
        asking = ["git", "rev-parse", "HEAD"]
        made = subprocess.run(asking, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
        for image in IMAGES:
            started = time.monotonic()
            subprocess.run(
                [sys.executable, ROOT / "components/images/build.py", image, "--option=--network=host",
                 "--option=--progress=plain"],
                check=True,
            )  # fmt: skip
            figures.add(f"build of `{image}`, after those above", f"{time.monotonic() - started:.0f} s")
    for image in IMAGES:
        with contextlib.suppress(docker.errors.ImageNotFound):
            size = client.images.get(f"storywright-{image}:{made}").attrs["Size"]
            figures.add(f"size of `{image}`, unpacked", f"{size / 1e9:.2f} GB")
    return made


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def confined(**changes: Any) -> dict[str, Any]:
    return dag.CONFINED | {"detach": True} | changes


@contextlib.contextmanager
def container(client: Any, image: str, command: Any = None, **settings: Any) -> Iterator[Any]:
    made = client.containers.run(image, command, **confined(**settings))
    try:
        yield made
    finally:
        with contextlib.suppress(docker.errors.NotFound):
            made.remove(force=True, v=True)


def said(client: Any, image: str, command: Any, **settings: Any) -> tuple[int, str]:
    """The exit code and all that a command in a container says."""
    with container(client, image, command, **settings) as one:
        code = one.wait(timeout=300)["StatusCode"]
        return code, one.logs().decode()


def answer(url: str, **headers: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as got:
            return got.status, got.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except (OSError, urllib.error.URLError) as error:
        return 0, str(error)


def wait_for(url: str, one: Any, seconds: float, **headers: str) -> float:
    """The seconds until the address answers with 200."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if answer(url, **headers)[0] == 200:
            return time.monotonic() - started
        one.reload()
        assert one.status == "running", one.logs().decode()[-3000:]
        time.sleep(0.1)
    raise AssertionError(f"{url} did not answer within {seconds} s: {one.logs().decode()[-3000:]}")


def members(client: Any, image: str) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
    """Everything in an image's file system, as it is unpacked."""
    made = client.containers.create(image)
    try:
        stream = io.BufferedReader(_Chunks(made.export()), 1 << 20)
        with tarfile.open(fileobj=stream, mode="r|") as files:
            for one in files:
                yield one, files
    finally:
        made.remove()


class _Chunks(io.RawIOBase):
    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._rest = iter(chunks), b""

    def readable(self) -> bool:
        return True

    def readinto(self, room: Any) -> int:
        if not self._rest:
            self._rest = next(self._chunks, b"")
        part, self._rest = self._rest[: len(room)], self._rest[len(room) :]
        room[: len(part)] = part
        return len(part)


SECRET_NAMES = re.compile(
    r"(^|/)(\.env|\.netrc|\.pypirc|pip\.conf|\.git-credentials|id_(rsa|ed25519|ecdsa)|\.aws|\.docker|\.kube|\.ssh|terraform\.tfstate)$"
)
SECRET_WORDS = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}|ghp_[A-Za-z0-9]{36}|xox[bp]-[0-9A-Za-z-]{20,}"
)
INSTALLERS = re.compile(
    r"(^|/)(bin|sbin)/(apt(-\w+)?|dpkg(-\w+)?|pip[\d.]*|uv|conda|easy_install|wheel|gcc|g\+\+|cc|c\+\+|cpp|clang|as|ld|make|tcc)$"
    r"|/site-packages/(pip|uv|ensurepip)/__init__\.py$|/ensurepip/__init__\.py$|/dist-packages/pip/__init__\.py$"
)


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_carries_no_secret_no_history_no_installer_and_nothing_that_others_may_write(client, commit, image):
    found: dict[str, list[str]] = {"secret": [], "git": [], "installer": [], "writable": [], "becomes root": []}
    for one, files in members(client, f"storywright-{image}:{commit}"):
        name = one.name
        if SECRET_NAMES.search(name):
            found["secret"].append(name)
        if re.search(r"(^|/)\.git(/|$)", name):
            found["git"].append(name)
        if INSTALLERS.search(name):
            found["installer"].append(name)
        if one.mode & 0o002 and not one.issym() and name != "tmp":
            found["writable"].append(name)
        if one.isfile() and one.mode & 0o6000:
            found["becomes root"].append(name)
        # Files of other packages are those of the index, to the byte: their hashes were checked.
        ours = not name.startswith(SITE) or name.startswith(f"{SITE}/storywright")
        if one.isfile() and ours and one.size < 5_000_000 and not name.endswith((".safetensors", ".so")):
            content = files.extractfile(one)
            if content and SECRET_WORDS.search(content.read()):
                found["secret"].append(name)
    assert found == {"secret": [], "git": [], "installer": [], "writable": [], "becomes root": []}


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_says_what_it_is_and_hides_nothing_in_its_layers(client, commit, image):
    one = client.images.get(f"storywright-{image}:{commit}")
    labels, config = one.labels, one.attrs["Config"]
    assert labels["org.opencontainers.image.revision"] == commit
    assert "MIT" in labels["org.opencontainers.image.licenses"]
    assert config["User"] == "10001:10001"
    assert config["Healthcheck"]["Test"][0] == ("NONE" if image in {"data", "train"} else "CMD")
    assert not [word for word in config["Env"] if re.search("PASS|SECRET|TOKEN|KEY|CREDENTIAL", word.split("=")[0])]
    # The check of health asks the server itself.
    made = [step["CreatedBy"] for step in one.history() if not step["CreatedBy"].startswith("HEALTHCHECK")]
    assert "http" not in "".join(made).lower(), "no index, with or without a password, is named"


@pytest.mark.parametrize("image", IMAGES)
def test_the_list_of_what_is_in_an_image_lies_inside_and_beside_it_and_names_code_and_models(client, commit, image):
    _, inside = said(
        client, f"storywright-{image}:{commit}", ["/usr/share/sbom/storywright.cdx.json"], entrypoint="cat"
    )
    document = json.loads(inside)
    assert json.loads((ROOT / f"dist/images/storywright-{image}-{commit[:12]}.cdx.json").read_text()) == document
    assert (document["bomFormat"], document["metadata"]["component"]["version"]) == ("CycloneDX", commit)
    packages = {part["purl"].split("?")[0] for part in document["components"] if "purl" in part}
    lock = (ROOT / "components/images/locks" / f"{image if image == 'mlflow' else f'{image}-cpu'}.txt").read_text()
    locked = {
        re.sub(r"[-_.]+", "-", name).lower() for name in re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==", lock, re.MULTILINE)
    }
    named = {re.sub(r"[-_.]+", "-", one.removeprefix("pkg:pypi/").split("@")[0]).lower() for one in packages}
    assert locked <= named
    assert any(one.startswith("pkg:deb/debian/libc6@") for one in packages)
    models = {part["name"]: part for part in document["components"] if part["type"] == "machine-learning-model"}
    shipped = subprocess.run(
        ["git", "ls-tree", "--name-only", f"{commit}:src/storywright/starter"], cwd=ROOT, check=True,
        capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    assert "illustrator" in shipped
    assert set(models) == (set() if image == "mlflow" else {f"storywright-{name}" for name in shipped})
    for role, model in models.items():
        for part in model["components"]:
            committed = subprocess.run(
                ["git", "show", f"{commit}:src/storywright/starter/{role.removeprefix('storywright-')}/{part['name']}"],
                cwd=ROOT, check=True, capture_output=True,
            ).stdout  # fmt: skip
            assert hashlib.sha256(committed).hexdigest() == part["hashes"][0]["content"]


@pytest.mark.parametrize("image", ["data", "train", "serve"])
def test_the_tests_of_an_images_components_passed_while_it_was_built(client, commit, image, figures):
    _, outcome = said(client, f"storywright-{image}:{commit}", ["cat", "/usr/share/storywright/tested.txt"])
    assert re.fullmatch(r"\d+ passed.* in [\d.]+s.*\n", outcome)
    figures.add(f"tests in the build of `{image}`", outcome.strip())


def test_no_process_can_write_anywhere_but_tmp_or_become_root(client, commit):
    script = (
        "import os\n"
        "print(os.getuid(), open('/proc/self/status').read().split('CapEff:')[1].split()[0],"
        " open('/proc/self/status').read().split('NoNewPrivs:')[1].split()[0])\n"
        "for place in ('/', '/opt/venv', '/srv/storywright', '/var/lib/storywright', '/usr/share', '/etc'):\n"
        "    print(place, os.access(place, os.W_OK))\n"
        "open('/tmp/x', 'w').write('x')\n"
    )
    for image in IMAGES:
        code, text = said(client, f"storywright-{image}:{commit}", ["python", "-c", script])
        assert code == 0, text
        assert text.splitlines()[0] == "10001 0000000000000000 1"
        assert "True" not in text, text


def memory(one: Any) -> tuple[float, float]:
    """Gigabytes that the processes of a container hold now, and that its first one held at most."""
    now, most = 0.0, 0.0
    for pid in {row[1] for row in one.top()["Processes"]}:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            now += (
                int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)[1]) / 1e6
            )
            most += int(re.search(r"^VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)[1]) / 1e6
    return now, most


def processor_seconds(one: Any) -> float:
    one.reload()
    fields = Path(f"/proc/{one.attrs['State']['Pid']}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask(url: str, key: str, body: Any = None, method: str = "") -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method or ("POST" if data else "GET"))
    request.add_header("Authorization", f"Bearer {key}")
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=120) as got:
            return got.status, got.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_server_is_ready_soon_and_draws_within_the_memory_it_may_have(client, commit, figures):
    ready, worked = [], []
    image = f"storywright-serve:{commit}"
    asks = client.images.get(image).attrs["Config"]["Healthcheck"]["Test"]
    for last in (False, False, True):
        port = free_port()
        command = ["storywright", "serve", "--host", "127.0.0.1", "--port", str(port)]
        # The image's own check of health, at the port that is free here.
        health = {"test": [word.replace(":8000/", f":{port}/") for word in asks], "interval": 5_000_000_000}
        with container(client, image, command, environment={"OMP_NUM_THREADS": "2"}, healthcheck=health) as one:
            ready.append(wait_for(f"http://127.0.0.1:{port}/readyz", one, 120))
            worked.append(processor_seconds(one))
            if last:
                idle = memory(one)
                for number in range(4):
                    wanted = {"prompt": "a woman holds a blue bottle in the park", "seed": number}
                    code, picture = ask(f"http://127.0.0.1:{port}/api/v1/images", "", wanted)
                    assert (code, picture[:4]) == (200, b"\x89PNG"), picture[:500]
                busy = memory(one)
                until = time.monotonic() + 90
                while client.api.inspect_container(one.id)["State"]["Health"]["Status"] != "healthy":
                    assert time.monotonic() < until, "Docker's own health check never found it well"
                    time.sleep(1)
                started = time.monotonic()
                one.stop(timeout=60)
                figures.add("`serve`: seconds to stop", f"{time.monotonic() - started:.1f} s")
                assert one.wait()["StatusCode"] in {0, 143}
    figures.add("`serve`: ready after a start, three starts", ", ".join(f"{seconds:.1f}" for seconds in ready) + " s")
    figures.add("`serve`: processor time of these", ", ".join(f"{seconds:.1f}" for seconds in worked) + " s")
    figures.add("`serve`: memory when ready, at most until then", f"{idle[0]:.2f} GB, {idle[1]:.2f} GB")
    figures.add("`serve`: memory after four pictures, at most until then", f"{busy[0]:.2f} GB, {busy[1]:.2f} GB")
    assert min(ready) < 10
    assert busy[1] < 1.5


def test_what_is_missing_at_a_start_is_named_with_the_setting_to_change(client, commit, tmp_path):
    serve, tracking = f"storywright-serve:{commit}", f"storywright-mlflow:{commit}"
    # PostgreSQL away.
    url = "postgresql+psycopg://studio:hidden@127.0.0.1:9/studio"
    code, text = said(
        client, serve, ["storywright", "serve", "--host", "127.0.0.1", "--port", "0"],
        environment={"STORYWRIGHT_DATABASE_URL": url},
    )  # fmt: skip
    assert code == 2
    assert re.search(r"database .*@127.0.0.1:9/studio cannot be opened .*STORYWRIGHT_DATABASE_URL", text), text
    assert "hidden" not in text
    assert "Traceback" not in text
    code, text = said(
        client, tracking, None, environment={"MLFLOW_BACKEND_STORE_URI": url.replace("psycopg", "psycopg2")}
    )
    assert code == 2
    assert re.search(r"cannot be opened .*change MLFLOW_BACKEND_STORE_URI", text), text
    # S3 away, and without rights.
    store = {
        "MLFLOW_BACKEND_STORE_URI": "sqlite:////tmp/store.db",
        "MLFLOW_ARTIFACTS_DESTINATION": "s3://models/mlflow",
        "MLFLOW_S3_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    command = ["mlflow", "server", "--host", "127.0.0.1", "--port", str(free_port())]
    code, text = said(client, tracking, command, environment=store)
    assert (code, "give the service account a role, or set AWS_ACCESS_KEY_ID" in text) == (2, True), text
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    code, text = said(client, tracking, command, environment=store | keys)
    assert code == 2
    assert re.search(r"bucket models cannot be reached at http://127.0.0.1:9 .*change MLFLOW_S3_ENDPOINT_URL", text), (
        text
    )
    # A key missing where others can connect.
    code, text = said(client, serve, None)
    assert (code, "set STORYWRIGHT_API_KEY" in text) == (2, True), text


def test_a_tag_that_does_not_exist_is_named_with_the_setting_to_change(client, commit, tmp_path):
    (tmp_path / "infra").mkdir()
    script = shutil.copy(ROOT / "infra" / "make-env.sh", tmp_path / "infra")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    environment = (
        os.environ | {"PATH": f"{Path(os.environ['DOCKER']).parent}:{os.environ['PATH']}"}
        if "DOCKER" in os.environ
        else None
    )

    def made(tag: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "infra/.env").write_text(f"STORYWRIGHT_TAG={tag}\n")
        return subprocess.run([script], check=False, capture_output=True, text=True, env=environment)

    refused = made("c0ffee")
    assert refused.returncode == 2
    assert re.search(
        r"no image storywright-serve:c0ffee: run `make images`.*change STORYWRIGHT_TAG in infra/\.env", refused.stderr
    )
    assert made(commit).returncode == 0


class Host:
    """The services of compose.yaml, as far as they are ours in containers, the others as Debian has them."""

    def __init__(self, client: Any, commit: str, folder: Path) -> None:
        self.client, self.commit, self.folder = client, commit, folder
        self.ports = {old: free_port() for old in (5000, 5432, 8000, 8001, 8100, 8200, 9090, 9093)}
        names = re.findall(r"\$\{(\w+):\?", (ROOT / "infra" / "compose.yaml").read_text())
        self.words = {name: f"word{number:020d}" for number, name in enumerate(sorted(set(names)))}
        # Fernet wants 32 bytes in base64.
        self.words |= {"STORYWRIGHT_TAG": commit, "MLFLOW_WEBHOOKS_KEY": "A" * 43 + "="}
        self.containers: dict[str, Any] = {}

    def filled(self, value: Any) -> Any:
        """A value of compose.yaml with its variables and our ports."""
        if isinstance(value, dict):
            return {name: self.filled(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.filled(one) for one in value]
        text = re.sub(
            r"\$\{(\w+)(?::[?-]([^}]*))?\}", lambda found: self.words.get(found[1], found[2] or ""), str(value)
        )
        text = text.replace("$$", "$").replace("@127.0.0.1/", f"@127.0.0.1:{self.ports[5432]}/")
        return re.sub(r"\b(\d{4})\b", lambda found: str(self.ports.get(int(found[1]), found[1])), text)

    def url(self, port: int) -> str:
        return f"http://127.0.0.1:{self.ports[port]}"

    def start(self, name: str) -> Any:
        """A service as compose.yaml describes it."""
        service = SERVICES["services"][name]
        mounts = {}
        for volume in service.get("volumes", []):
            source, target = volume.split(":")[:2]
            mounts[f"{source}-{self.commit[:8]}-test"] = {"bind": target, "mode": "rw"}
        for one in service.get("configs", []):
            path = self.folder / one["source"]
            path.write_text(self.filled(SERVICES["configs"][one["source"]]["content"]))
            path.chmod(0o644)
            mounts[str(path)] = {"bind": one["target"], "mode": "ro"}
        self.containers[name] = self.client.containers.run(
            self.filled(service["image"]),
            self.filled(service["command"]),
            detach=True,
            user=service["user"],
            read_only=service["read_only"],
            cap_drop=service["cap_drop"],
            security_opt=["no-new-privileges"],
            network_mode=service["network_mode"],
            environment=self.filled(service["environment"]) | {"OMP_NUM_THREADS": "1"},
            tmpfs=dict.fromkeys(service["tmpfs"], ""),
            volumes=mounts,
        )
        return self.containers[name]

    def stop(self) -> None:
        for one in self.containers.values():
            one.remove(force=True, v=True)
        for volume in self.client.volumes.list():
            if volume.name.endswith(f"-{self.commit[:8]}-test"):
                volume.remove(force=True)


@pytest.fixture(scope="module")
def host(client: Any, commit: str, tmp_path_factory: pytest.TempPathFactory, figures: Figures) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("host")
    made = Host(client, commit, folder)
    with postgresql(made.ports[5432], made.words["POSTGRES_PASSWORD"]) as psql:
        roles = SERVICES["services"]["database-roles"]["environment"]
        sets = [f"--set={name.lower()}={made.filled(roles[name])}" for name in ("STUDIO", "MLFLOW", "TUNING")]
        for _ in range(2):  # run again it changes nothing
            psql("--set=ON_ERROR_STOP=1", *sets, "--file", str(ROOT / "infra/kubernetes/base/roles.sql"))
        try:
            seconds = wait_for(f"{made.url(5000)}/health", made.start("mlflow"), 180)
            figures.add("`mlflow`: ready after a start on an empty PostgreSQL", f"{seconds:.1f} s")
            seconds = wait_for(f"{made.url(8000)}/readyz", made.start("server"), 180)
            figures.add("`serve`: ready after a start, on PostgreSQL and beside MLflow", f"{seconds:.1f} s")
            wait_for(f"{made.url(8001)}/readyz", made.start("worker"), 180)
            for name in ("receiver", "registry-hook", "probe"):
                made.start(name)
            yield made
        finally:
            for name, one in made.containers.items():
                (folder / f"{name}.log").write_bytes(one.logs())
            made.stop()


@contextlib.contextmanager
def postgresql(port: int, password: str) -> Iterator[Any]:
    programs = Path(shutil.which("pg_ctl") or "").resolve().parent
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    user = "postgres" if os.geteuid() == 0 else None
    (folder / "word").write_text(password)
    if user:
        for path in (folder, folder / "word"):
            shutil.chown(path, user)

    def call(program: str, *words: str) -> None:
        subprocess.run(
            [programs / program, "-D", folder / "data", *words], user=user, cwd=folder, check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def psql(*words: str) -> None:
        subprocess.run(
            ["psql", "--no-psqlrc", "--quiet", "--output=/dev/null", "--host=127.0.0.1", f"--port={port}",
             "--username=postgres", *words],
            check=True, env=os.environ | {"PGPASSWORD": password},
        )  # fmt: skip

    call("initdb", "--auth=scram-sha-256", "--username=postgres", f"--pwfile={folder / 'word'}", "--no-sync")
    call("pg_ctl", "-w", "-l", str(folder / "log"), "-o", f"-p {port} -k {folder} -c fsync=off", "start")
    try:
        yield psql
    finally:
        call("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder)


def test_the_services_of_one_host_work_together(host, figures):
    key = host.words["API_KEY"]
    assert ask(f"{host.url(8000)}/api/v1/models", "wrong")[0] == 401
    served = json.loads(ask(f"{host.url(8000)}/api/v1/models", key)[1])
    assert served["origin"] in {"embedded", "registry"}
    assert answer(f"{host.url(5000)}/api/2.0/mlflow/experiments/search?max_results=1")[0] == 401, (
        "MLflow asks who it is"
    )
    hook = host.containers["registry-hook"]
    assert hook.wait(timeout=120)["StatusCode"] == 0, hook.logs().decode()
    for name in ("server", "worker", "mlflow", "probe"):
        now, most = memory(host.containers[name])
        figures.add(f"`{name}` of compose.yaml: memory now, at most", f"{now:.2f} GB, {most:.2f} GB")
    brief = {"title": "Morning Run", "product": {"name": "Aqua Spark"}, "format": {"panels": 2}}
    code, text = ask(f"{host.url(8000)}/api/v1/boards?candidates=1&wait=0", key, brief)
    assert code in {201, 202}, text
    job = json.loads(text)["id"]
    until, state = time.monotonic() + 240, {}
    while state.get("state") not in {"done", "failed"} and time.monotonic() < until:
        time.sleep(1)
        # What one took, the other knows: both have the same database.
        state = json.loads(ask(f"{host.url(8001)}/api/v1/jobs/{job}", key)[1])
    assert (state["state"], state["num_drawn"]) == ("done", state["num_panels"]), state
    until, text = time.monotonic() + 240, ""
    while "storywright_probe_tries_total" not in text or "storywright_probe_last_try_timestamp_seconds 0.0" in text:
        assert time.monotonic() < until, host.containers["probe"].logs().decode()
        time.sleep(1)
        text = answer(f"{host.url(8200)}/metrics")[1]
    assert "\nstorywright_probe_success 1.0" in text, host.containers["probe"].logs().decode()


def test_prometheus_reads_every_server_with_the_key_and_alertmanager_reaches_the_receiver(host, tmp_path):
    config = host.filled((ROOT / "infra/prometheus/prometheus.yml").read_text())
    (tmp_path / "key").write_text(host.words["API_KEY"])
    config = config.replace("/run/storywright.key", str(tmp_path / "key")).replace("15s", "1s")
    config = config.replace("/etc/prometheus/rules", str(ROOT / "monitoring/prometheus/rules"))
    (tmp_path / "prometheus.yml").write_text(config)
    alerts = host.filled((ROOT / "monitoring/alertmanager/alertmanager.yml").read_text()).replace("30s", "1s")
    (tmp_path / "alertmanager.yml").write_text(alerts)
    services = SERVICES["services"]
    commands = {
        "prometheus": [
            word for word in host.filled(services["prometheus"]["command"]) if "file" not in word and "path" not in word
        ]
        + [f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/metrics"],
        "prometheus-alertmanager": [
            word
            for word in host.filled(services["alertmanager"]["command"])
            if "file" not in word and "path" not in word
        ]
        + [f"--config.file={tmp_path}/alertmanager.yml", f"--storage.path={tmp_path}/alerts"],
    }
    with contextlib.ExitStack() as stack:
        for program, words in commands.items():
            one = stack.enter_context(
                subprocess.Popen([program, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            )
            stack.callback(one.terminate)
        until, up = time.monotonic() + 60, {}
        while time.monotonic() < until and list(up.values()) != ["1"] * 4:
            time.sleep(1)
            code, text = answer(f"{host.url(9090)}/api/v1/query?query=up")
            up = (
                {row["metric"]["instance"]: row["value"][1] for row in json.loads(text)["data"]["result"]}
                if code == 200
                else {}
            )
        assert sorted(up) == sorted(f"127.0.0.1:{host.ports[port]}" for port in (8000, 8001, 8200, 9090))
        assert set(up.values()) == {"1"}
        fired = [{"labels": {"alertname": "StorywrightTest", "severity": "ticket"}}]
        assert ask(f"{host.url(9093)}/api/v2/alerts", "", fired)[0] == 200
        receiver = host.containers["receiver"]
        while b"StorywrightTest" not in receiver.logs():
            assert time.monotonic() < until + 30, receiver.logs().decode()[-2000:]
            time.sleep(1)


def test_the_first_steps_run_in_their_image_and_measure_what_they_measure_in_processes(commit, figures):
    found = measured_both_ways(commit, "material", {"STORYWRIGHT_TRACKING": "off"})
    assert set(found["containers"]["metrics"]) == {"scrape", "draw", "validate", "preprocess"}
    assert found["containers"]["metrics"] == found["processes"]["metrics"]
    for place, one in found.items():
        figures.add(f"the first four steps, tiny, in {place}", f"{one['seconds']:.0f} s")


def test_the_whole_training_in_containers_measures_what_it_measures_in_processes(host, commit, figures):
    inside = {
        "MLFLOW_TRACKING_URI": host.url(5000),
        "MLFLOW_TRACKING_USERNAME": "admin",
        "MLFLOW_TRACKING_PASSWORD": host.words["MLFLOW_PASSWORD"],
    }
    found = measured_both_ways(commit, "training", inside)
    for place, one in found.items():
        figures.add(f"the pipeline `training`, tiny, 13 tasks in {place}", f"{one['seconds']:.0f} s")
    assert found["containers"]["metrics"] == found["processes"]["metrics"]
    num_equal = sum(len(one) for one in found["containers"]["metrics"].values())
    figures.add("numbers that the tasks measured, the same in containers and processes", str(num_equal))
    assert found["containers"]["promoted"]
    # The server of this host follows the champion that the containers made.
    until, served = time.monotonic() + 120, {}
    while served.get("origin") != "registry" and time.monotonic() < until:
        time.sleep(1)
        served = json.loads(ask(f"{host.url(8000)}/api/v1/models", host.words["API_KEY"])[1])
    assert (served["version"], served["origin"]) == ("1", "registry"), served


def measured_both_ways(commit: str, pipeline: str, inside: dict[str, str]) -> dict[str, Any]:
    """What a pipeline measured in containers and in processes, both with the code of the commit."""
    # Not in pytest's own folder, which is closed to the containers' user.
    with tempfile.TemporaryDirectory(prefix="pipeline-") as folder:
        Path(folder).chmod(0o755)
        checkout = Path(folder) / "checkout"
        checkout.mkdir()
        with subprocess.Popen(["git", "archive", commit], cwd=ROOT, stdout=subprocess.PIPE) as files:
            subprocess.run(["tar", "--extract"], cwd=checkout, stdin=files.stdout, check=True)
        both = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(checkout / "src")}
        both.pop("STORYWRIGHT_TRACKING")
        outside = {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db", "STORYWRIGHT_HOME": f"{folder}/home"}
        found = {}
        for place, tag, variables in (("containers", commit, inside), ("processes", "-", outside)):
            done = subprocess.run(
                [sys.executable, "tests/infra/engine_dag.py", place, tag, f"{folder}/{place}", pipeline],
                cwd=checkout, env=both | variables, check=False, capture_output=True, text=True,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
            found[place] = json.loads((Path(folder) / place / "metrics.json").read_text())
    return found
