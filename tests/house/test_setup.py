"""The set-up script says in one sentence what is wrong, and believes no half installation."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def project(tmp_path) -> Path:
    """A fresh copy of what the set-up needs, in a folder with a blank in its name."""
    return copy_project(tmp_path)


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Path:
    """A project that has been set up to serve; its tests copy it."""
    made = copy_project(tmp_path_factory.mktemp("served"))
    assert set_up(made, "run").returncode == 0
    return made


@pytest.fixture
def serving(served, tmp_path) -> Path:
    return Path(shutil.copytree(served, tmp_path / "serving", symlinks=True))


def copy_project(folder: Path) -> Path:
    copy = folder / "ping yi"
    shutil.copytree(ROOT / "scripts", copy / "scripts")
    for name in ("requirements.txt", "requirements-dev.txt"):
        (copy / name).write_text("")
    return copy


def set_up(project: Path, kind: str, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHON": sys.executable, **changes}
    return subprocess.run(
        [project / "scripts" / "setup.sh", kind],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def stamps(project: Path) -> set[str]:
    return {path.stem for path in (project / ".venv").glob("*.stamp")}


def test_an_environment_grows_from_serving_to_checking(serving):
    assert stamps(serving) == {"run"}
    assert set_up(serving, "test").returncode == 0
    assert stamps(serving) == {"run", "test"}


def test_a_second_set_up_does_nothing(serving):
    (serving / ".venv" / "install.log").unlink()
    assert set_up(serving, "run").stderr == ""
    assert not (serving / ".venv" / "install.log").exists()


def test_a_changed_lock_is_installed(serving):
    (serving / "requirements.txt").write_text("# changed\n")
    assert "requirements.txt" in set_up(serving, "run").stderr


def test_an_environment_without_pip_is_made_again(serving):
    shutil.rmtree(next((serving / ".venv" / "lib").glob("*/site-packages/pip")))
    (serving / ".venv" / "run.stamp").unlink()
    assert set_up(serving, "run").returncode == 0
    assert stamps(serving) == {"run"}


def test_without_network_one_sentence_and_no_stamp(serving):
    (serving / "requirements.txt").write_text(f"pingyi-nothing==1 --hash=sha256:{'0' * 64}\n")
    indexes = dict.fromkeys(("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL"), NOWHERE)
    refused = set_up(serving, "run", **indexes, PIP_RETRIES="0")
    assert refused.returncode == 1
    assert "请检查网络" in refused.stderr
    assert len(refused.stderr.splitlines()) == 3, "what is being done, then a sentence twice"
    assert stamps(serving) == set()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({"PYTHON": "/nowhere/python"}, "PYTHON=/nowhere/python", id="a wrong choice"),
        pytest.param({"PYTHON": "false"}, "PYTHON=false", id="a Python that fails to run"),
    ],
)
def test_a_python_that_cannot_be_used_is_named(project, changes, sentence):
    refused = set_up(project, "run", **changes)
    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert len(refused.stderr.splitlines()) == 2, "one sentence in each language"


def test_without_any_python_one_sentence(project, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "dirname", "cat", "rm"):
        (tools / name).symlink_to(shutil.which(name) or name)
    refused = set_up(project, "run", PATH=str(tools), PYTHON="")
    assert refused.returncode == 1
    assert "No usable Python: 3.11 to 3.13" in refused.stderr


def test_missing_packages_are_named_to_whoever_may_not_install_them(project, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "id").write_text("#!/bin/sh\necho 1000\n")
    (tools / "id").chmod(0o755)
    refused = subprocess.run(
        [project / "scripts" / "debian.sh", "postgresql", "chromium"],
        env={"PATH": f"{tools}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    line = "sudo apt-get install --no-install-recommends postgresql chromium"
    assert line in refused.stderr
