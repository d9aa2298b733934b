"""What goes into the images is settled by hash, and their descriptions keep to the rules; none of this needs Docker."""

import ast
import functools
import http.server
import importlib.util
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "components" / "images"
DOCKERFILES = {"images": IMAGES / "Dockerfile", "mlflow": ROOT / "mlflow" / "Dockerfile"}


def module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    made = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = made
    spec.loader.exec_module(made)
    return made


lock, build = module(IMAGES / "lock.py"), module(IMAGES / "build.py")


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(name: str) -> dict[str, str]:
    """The packages of a lock and their versions; each has to name the hash of a file."""
    text = (IMAGES / "locks" / f"{name}.txt").read_text()
    found = {}
    for entry in re.sub(r" \\\n +", " ", text).splitlines():
        if entry and not entry.startswith("#"):
            parts = re.fullmatch(
                r"([\w.-]+)(?:\[[\w,-]+\])?==(\S+)(?: ; [^-]+?)?((?: --hash=sha256:[0-9a-f]{64})+)", entry
            )
            assert parts, f"{name}: {entry[:80]}"
            found[canonical(parts[1])] = parts[2]
    return found


def constrained() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return {canonical(name): version for name, version in (line.split("==") for line in lines if "==" in line)}


def asked_for(extras: tuple[str, ...]) -> set[str]:
    """The packages that storywright asks for with these extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found, open_extras = list(project["dependencies"]), list(extras)
    while open_extras:
        for one in project["optional-dependencies"][open_extras.pop()]:
            if own := re.match(r"storywright\[(.+)\]", one):
                open_extras += own[1].split(",")
            else:
                found.append(one)
    return {canonical(re.match(r"[\w.-]+", one)[0]) for one in found}


def instructions(path: Path) -> list[tuple[str, str]]:
    text = re.sub(r"^\s*#.*\n", "", path.read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [(word.upper(), rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def stages(path: Path) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Each stage by its name: what it stands on, and its instructions."""
    found: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    for word, rest in instructions(path):
        if word == "FROM":
            base, _, name = re.split(r"\s+", rest)
            found[name] = (base, [])
        elif found:
            list(found.values())[-1][1].append((word, rest))
    return found


@pytest.mark.parametrize("name", lock.LOCKED)
def test_every_package_of_a_lock_is_settled_by_version_and_hash_and_is_what_the_tests_run_with(name):
    tested = constrained()
    torch = tested["torch"].removesuffix("+cpu")
    for package, version in locked(name).items():
        if package == "torch":
            assert version == (torch if lock.LOCKED[name].cuda else f"{torch}+cpu")
        else:
            assert tested.get(package, version) == version, package


@pytest.mark.parametrize("name", [name for name, one in lock.LOCKED.items() if one.extras])
def test_a_lock_holds_all_that_its_extras_ask_for(name):
    asked = asked_for(lock.LOCKED[name].extras) | set(lock.LOCKED[name].packages)
    assert asked - locked(name).keys() == set(), "run python components/images/lock.py"


ROOTS = {"storywright": ROOT / "src", "pipelines": ROOT}
PROGRAMS = {
    "data": (),
    "train": ("pipelines.__main__", *(f"pipelines.{name}" for name in ("compiling", "submitting", "running")),
              *(f"pipelines.{name}" for name in ("training", "retraining", "tuning", "storyboards", "measured")),
              "storywright.cli.receive", "storywright.cli.tune"),
    "serve": ("storywright.server.app",
              *(f"storywright.export.{path.stem}" for path in (ROOT / "src/storywright/export").glob("*.py")),
              *(f"storywright.cli.{name}" for name in ("serve", "probe", "receive", "models", "keys", "support"))),
}  # fmt: skip
"""What is started in an image besides the steps of its components."""
CALLED = {
    "PIL": "pillow", "cv2": "opencv-python-headless", "fpdf": "fpdf2", "markdown_it": "markdown-it-py",
    "sklearn": "scikit-learn", "yaml": "pyyaml",
}  # fmt: skip
"""Packages by the names of their modules, where these differ."""
LEFT_OUT = {
    "data": {"torch"},  # how many GPUs there are is asked where a step trains
    "train": {"kubeflow_katib_api"},  # Katib's objects are made where kubectl is
    "serve": {"onnx", "onnxruntime", "gtts"},  # for machines without PyTorch; a voice that is asked over the network
}
"""What an image does without: it is imported inside functions alone, whose callers say what is missing."""


@functools.cache
def imported(name: str, *, lazily: bool) -> frozenset[str]:
    """The modules that one of ours imports, at its top or also inside its functions; none for what is no module."""
    path = ROOTS[name.partition(".")[0]].joinpath(*name.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    if not path.is_file():
        return frozenset()
    found, todo = set(), list(ast.parse(path.read_text(encoding="utf-8")).body)
    while todo:
        one = todo.pop()
        if isinstance(one, ast.Import):
            found |= {each.name for each in one.names}
        elif isinstance(one, ast.ImportFrom):
            found |= {str(one.module), *(f"{one.module}.{each.name}" for each in one.names)}
        elif isinstance(one, ast.If) and "TYPE_CHECKING" in ast.unparse(one.test):
            todo += one.orelse
        elif lazily or not isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            todo += ast.iter_child_nodes(one)
    return frozenset(found)


def from_others(starts: list[str], *, lazily: bool) -> dict[str, str]:
    """The libraries that these modules and those they import need, and a module of ours that imports each."""
    seen: set[str] = set()
    found: dict[str, str] = {}
    while starts:
        name = starts.pop()
        if name in seen:
            continue
        seen.add(name)
        starts += [name.rpartition(".")[0]] if "." in name else []
        for one in imported(name, lazily=lazily):
            top = one.partition(".")[0]
            if top in ROOTS:
                starts.append(one)
            elif top not in sys.stdlib_module_names:
                found.setdefault(top, name)
    return found


@pytest.mark.parametrize("image", PROGRAMS)
def test_an_image_holds_every_library_that_its_steps_and_programs_import(image):
    """Without running them: a step whose library is missing ends on a cluster, and nowhere before."""
    named = {path.parent.name: path.read_text() for path in ROOT.glob("components/*/component.py")}
    steps = [f"storywright.steps.{name}" for name, text in named.items() if f'"storywright-{image}"' in text]
    assert len(steps) >= 4
    for lazily, missing in ((False, set()), (True, LEFT_OUT[image])):
        wanted = from_others([*steps, *PROGRAMS[image], "storywright.steps.command"], lazily=lazily)
        held = locked(f"{image}-cpu").keys()
        lacking = {top: ours for top, ours in wanted.items() if canonical(CALLED.get(top, top)) not in held}
        assert set(lacking) == missing, f"{lacking}: an extra of this image in lock.py has to bring them"


def test_images_for_gpus_differ_from_those_for_cpus_by_pytorch_and_its_libraries_alone():
    for image in ("train", "serve"):
        differ = locked(f"{image}-cuda").items() ^ locked(f"{image}-cpu").items()
        assert {re.split("-", package)[0] for package, _ in differ} == {"torch", "nvidia", "cuda", "triton"}


def test_collecting_and_preparing_material_brings_no_pytorch_and_nothing_that_train_lacks():
    assert not locked("data-cpu").keys() & {"torch", "transformers", "diffusers"}
    assert locked("data-cpu").items() <= locked("train-cpu").items() & locked("train-cuda").items()


def test_no_image_holds_an_installer():
    for name in ("data-cpu", "train-cpu", "train-cuda", "serve-cpu", "serve-cuda", "mlflow"):
        assert not locked(name).keys() & {"pip", "uv", "virtualenv", "wheel", "pipenv", "poetry"}, name


@pytest.mark.parametrize("path", DOCKERFILES.values(), ids=DOCKERFILES)
def test_a_stage_stands_on_the_base_on_nothing_or_on_a_stage_before_it(path):
    before = {"${BASE}", "scratch"}
    for name, (base, _) in stages(path).items():
        assert base in before
        before.add(name)
    assert not path.read_text().startswith("# syntax"), "which would have to be pulled"


@pytest.mark.parametrize("path", DOCKERFILES.values(), ids=DOCKERFILES)
def test_nothing_comes_from_an_index_without_its_hash(path):
    for word, rest in instructions(path):
        assert word != "ADD", "which fetches without a look"
        assert not re.search(r"curl|wget|apt-get|git clone", rest)
    script = (IMAGES / "install.sh").read_text()
    for text in (*(rest for word, rest in instructions(path) if word == "RUN"), *script.splitlines()):
        for command in re.findall(r"pip (?:--python \S+ )?(?:install|wheel) [^&]*", text):
            assert "--no-deps" in command
            assert "--require-hashes" in command or "--no-index" in command, command


@pytest.mark.parametrize("path", DOCKERFILES.values(), ids=DOCKERFILES)
def test_what_is_delivered_runs_as_a_user_says_how_it_is_and_carries_its_papers(path):
    found = stages(path)
    assert ("USER", "10001:10001") in found["bare"][1]
    assert found["bare"][0] == "scratch"
    for image in build.TARGETS.keys() & found.keys():
        base, steps = found[image]
        words = [word for word, _ in steps]
        assert base == "bare"
        assert not {"USER", "RUN"} & set(words), "nothing is run and nobody becomes root in what is delivered"
        assert words.count("HEALTHCHECK") == 1
        labels = " ".join(rest for word, rest in steps if word == "LABEL")
        for label in ("title", "description", "licenses", "revision", "created", "base.name"):
            assert f"org.opencontainers.image.{label}=" in labels, label
        sources = " ".join(rest for word, rest in steps if word == "COPY")
        assert "sbom.cdx.json" in sources
        assert image == "mlflow" or f"--from={image}-tests" in sources, "an image whose tests fail is not made"


def test_both_descriptions_begin_alike_so_that_the_same_layers_are_below():
    one, other = (stages(path) for path in DOCKERFILES.values())
    for name in ("pruned", "bare", "builder"):
        assert one[name] == other[name]


def test_every_image_that_a_component_names_is_built():
    named = {
        re.search(r'base_image="storywright-(\w+)"', path.read_text())[1]
        for path in ROOT.glob("components/*/component.py")
    }
    assert named == {"data", "train", "serve"}
    assert named <= build.TARGETS.keys()


def test_builds_are_sent_what_is_committed_and_nothing_else(tmp_path):
    def git(*words: str) -> str:
        identity = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
        return subprocess.run(
            ["git", *identity, *words], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout

    (tmp_path / "components/images").mkdir(parents=True)
    (tmp_path / "components/images/build.py").write_text((IMAGES / "build.py").read_text())
    client = tmp_path / "docker"
    # The first words tell which client it is; a build keeps what it was sent.
    client.write_text(
        "#!/bin/sh\ncase \"$1\" in\nbuildx) exit 1;;\n--version) echo 'Docker version 20.10.24';;\n"
        'build) echo "$@" >>asked.txt; tar --list >>sent.txt;;\nrun) echo \'{"components": []}\';;\nesac\n'
    )
    client.chmod(0o755)
    for name in build._SENT:
        path = tmp_path / name
        if name not in {"components"}:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("kept")
    git("init", "--quiet")
    git("add", "--", *build._SENT)
    git("commit", "--quiet", "--message", "first")
    commit = git("rev-parse", "HEAD").strip()
    (tmp_path / "components/.env").write_text("PASSWORD=x")
    done = subprocess.run(
        [sys.executable, "components/images/build.py", "data", "serve", "--accelerator", "cuda"],
        cwd=tmp_path, env={"DOCKER": "./docker", "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "1 changed files" in done.stderr
    sent = (tmp_path / "sent.txt").read_text().splitlines()
    assert sent.count("LICENSE") == 2
    assert not [name for name in sent if ".git" in name or ".env" in name]
    asked = (tmp_path / "asked.txt").read_text().splitlines()
    for line, image in zip(asked, ("data", "serve"), strict=True):
        assert f"--tag storywright-{image}:{commit} --target {image} " in line
        assert f"--build-arg COMMIT={commit}" in line
        assert "--build-arg ACCELERATOR=cuda" in line
    assert (tmp_path / f"dist/images/storywright-data-{commit[:12]}.cdx.json").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["serv"], "images: There is no image 'serv': choose among data, train, serve, mlflow."),
        (
            ["serve", "--commit", "nowhere"],
            "images: git rev-parse --verify nowhere^{commit}: fatal: Needed a single revision",
        ),
        (
            ["serve"],
            "images: no-such-docker is not installed: install Docker, or name its client in the variable DOCKER.",
        ),
    ],
)
def test_a_build_that_cannot_be_says_what_to_change(words, said, monkeypatch):
    monkeypatch.setenv("DOCKER", "no-such-docker")
    done = subprocess.run([sys.executable, IMAGES / "build.py", *words], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr.strip()) == (2, said)


def test_a_lock_that_does_not_exist_is_refused_with_those_that_do():
    done = subprocess.run([sys.executable, IMAGES / "lock.py", "server"], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "there is no lock 'server': choose among data-cpu, train-cpu" in done.stderr


@pytest.fixture
def server() -> Iterator[str]:
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/readyz" else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()


def test_the_health_check_tells_a_server_that_is_ready_from_one_that_is_not_and_from_none(server):
    def asked(url: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", IMAGES / "healthy.py", url], check=False, capture_output=True, text=True
        )

    assert asked(f"{server}/readyz").returncode == 0
    assert (asked(f"{server}/other").returncode, asked("http://127.0.0.1:9/readyz").returncode) == (1, 1)
    assert "503" in asked(f"{server}/other").stderr


@pytest.mark.system("shellcheck")
def test_the_scripts_of_the_images_keep_to_shellcheck():
    subprocess.run(["shellcheck", *sorted(IMAGES.glob("*.sh"))], check=True)


@pytest.mark.parametrize(
    ("words", "variables", "said"),
    [
        ([], {}, "There is no database: set MLFLOW_BACKEND_STORE_URI"),
        (["--backend-store-uri=nonsense"], {}, "is not a database's URL"),
        (
            ["--backend-store-uri", "postgresql+psycopg://mlflow:word@127.0.0.1:9/mlflow"],
            {},
            r"The database postgresql\+psycopg://mlflow:\*\*\*@127.0.0.1:9/mlflow cannot be opened \(.*refused.*\): "
            r"start it, or change MLFLOW_BACKEND_STORE_URI or --backend-store-uri\.$",
        ),
        (
            [],
            {
                "MLFLOW_BACKEND_STORE_URI": "postgresql+psycopg://mlflow:word@/mlflow",
                "PGHOST": "127.0.0.1",
                "PGPORT": "9",
            },
            "or PGHOST and PGPORT, since it names no host",
        ),
        (
            ["--app-name", "basic-auth"],
            {"MLFLOW_BACKEND_STORE_URI": "sqlite://"},
            "Logins need MLFLOW_FLASK_SERVER_SECRET_KEY",
        ),
        (
            ["--app-name=basic-auth"],
            {
                "MLFLOW_BACKEND_STORE_URI": "sqlite://",
                "MLFLOW_FLASK_SERVER_SECRET_KEY": "k",
                "MLFLOW_AUTH_CONFIG_PATH": "/no/file",
            },
            r"MLFLOW_AUTH_CONFIG_PATH names /no/file, in which no \[mlflow\] database_uri is",
        ),
        (
            ["--artifacts-destination=/proc/no"],
            {"MLFLOW_BACKEND_STORE_URI": "sqlite://"},
            "Files cannot be kept in /proc/no, which user .* may not write: mount a volume there",
        ),
    ],
)
def test_a_tracking_server_that_cannot_start_says_which_setting_to_change(words, variables, said):
    done = subprocess.run(
        [sys.executable, ROOT / "mlflow" / "entrypoint.py", "mlflow", "server", *words],
        env={"PATH": "/usr/bin:/bin", "PGCONNECT_TIMEOUT": "5"} | variables,
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert re.search(said, done.stderr), done.stderr
    assert "Traceback" not in done.stderr
    assert "word" not in done.stderr.replace("PASSWORD", "")


def test_a_tracking_server_whose_settings_are_right_is_started_with_them(tmp_path):
    program = tmp_path / "mlflow"
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    (tmp_path / "logins.ini").write_text(f"[mlflow]\ndatabase_uri = sqlite:///{tmp_path}/logins.db\n")
    settings = {
        "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{tmp_path}/store.db",
        "MLFLOW_ARTIFACTS_DESTINATION": str(tmp_path),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "k",
        "MLFLOW_AUTH_CONFIG_PATH": str(tmp_path / "logins.ini"),
    }
    done = subprocess.run(
        [sys.executable, ROOT / "mlflow" / "entrypoint.py", "mlflow", "server", "--app-name", "basic-auth"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"} | settings, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "server --app-name basic-auth\n"), done.stderr
