"""The modules hold what they promise, the environments are valid, and every exception from a rule is explained.

Without an account: the provider is mocked. `make test-terraform` runs what is slow here, and test_terraform_apply.py.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "terraform"
MODULES = sorted(path.name for path in (ROOT / "modules").iterdir() if path.is_dir())
ON_A_STAND_IN = {"secrets"}  # tested in test_terraform_apply.py: Terraform mocks no ephemeral resources
EXCEPTION = re.compile(r"checkov:skip=(\w+):(.*)")


def terraform(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["terraform", f"-chdir={folder}", *words],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"TF_IN_AUTOMATION": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The checkout stays as it is; modules are tested with the provider that dev has locked."""
    copy = shutil.copytree(ROOT, tmp_path / "terraform", ignore=shutil.ignore_patterns(".terraform", "*.tfstate*"))
    for module in MODULES:
        shutil.copy(ROOT / "envs" / "dev" / ".terraform.lock.hcl", copy / "modules" / module)
    return copy


@pytest.fixture
def tools() -> Path:
    """Where checkov and moto are; `make test-terraform` makes the place and names it."""
    if place := os.environ.get("STORYWRIGHT_TERRAFORM_TOOLS"):
        return Path(place)
    pytest.skip("slow, with tools of its own: make test-terraform runs it")


@pytest.mark.system("terraform")
def test_the_code_is_in_canonical_form():
    assert terraform(ROOT, "fmt", "-check", "-recursive") == ""


def test_the_tables_in_the_readmes_are_up_to_date():
    subprocess.run([sys.executable, ROOT / "documents.py", "--check"], check=True)


def test_environments_differ_only_in_what_main_says():
    dev, prod = ROOT / "envs" / "dev", ROOT / "envs" / "prod"
    assert sorted(path.name for path in dev.glob("*.tf")) == sorted(path.name for path in prod.glob("*.tf"))
    for name in ("variables.tf", "outputs.tf", "versions.tf", ".terraform.lock.hcl", "terraform.tfvars.example"):
        assert (dev / name).read_text() == (prod / name).read_text().replace("prod.tfstate", "dev.tfstate"), name


def test_no_value_of_a_secret_is_in_an_output():
    for path in (ROOT / "modules" / "secrets").glob("*.tf"):
        for block in re.findall(r'^output "\w+" \{.*?^\}', path.read_text(), flags=re.M | re.S):
            assert "secret_string" not in block
            assert "random_password" not in block


@pytest.mark.slow
@pytest.mark.system("terraform")
@pytest.mark.parametrize("module", [module for module in MODULES if module not in ON_A_STAND_IN])
def test_the_module_holds_what_its_tests_say(module, copy, tools):
    folder = copy / "modules" / module
    terraform(folder, "init", "-input=false", "-no-color", "-lockfile=readonly")
    assert re.search(r"Success! [1-9]\d* passed, 0 failed", terraform(folder, "test", "-no-color"))


@pytest.mark.slow
@pytest.mark.system("terraform")
@pytest.mark.parametrize("root", ["envs/dev", "envs/prod", "bootstrap"])
def test_the_root_is_valid_with_the_locked_provider(root, copy, tools):
    terraform(copy / root, "init", "-input=false", "-no-color", "-lockfile=readonly", "-backend=false")
    assert "valid" in terraform(copy / root, "validate", "-no-color")


@pytest.mark.slow
def test_every_finding_of_checkov_is_an_exception_with_a_date_and_a_reason(copy, tools):
    """The exceptions are taken out first: one that nothing needs any more is as wrong as a finding without one."""
    excepted = set()
    for path in copy.rglob("*.tf"):
        for check, reason in EXCEPTION.findall(path.read_text()):
            assert re.match(r"20\d\d-\d\d-\d\d \w+", reason), f"{path}: {check} needs a date and a reason"
            excepted.add((check, path.parent.name))
        path.write_text(EXCEPTION.sub("", path.read_text()))

    words = ["--framework", "terraform", "--skip-download", "--quiet", "--output", "json"]
    done = subprocess.run([tools / "checkov", "-d", copy, *words], capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)

    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"] > 400
    found = {(check["check_id"], Path(check["file_path"]).parts[-2]) for check in report["results"]["failed_checks"]}
    assert found == excepted
