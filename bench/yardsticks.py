"""Other software that does the same work, in processes of its own: R, and a Python with svy."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from bench.turns import NotThereError, Taken

HERE = Path(__file__).parent
# A Python that has svy and samplics. No PINGYI_ name: the product refuses those it does not know.
SVY_SETTING = "SVY_PYTHON"
NOT_INSTALLED = "not installed"
# What R and Python say of a package that is not there.
ABSENT = re.compile(r"there is no package called|No module named '(?:svy|samplics|polars|numpy)'")
ONE_THREAD = dict.fromkeys(
    (
        "OPENBLAS_NUM_THREADS",
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "POLARS_MAX_THREADS",
        "RAYON_NUM_THREADS",
    ),
    "1",
)


@dataclass(frozen=True, slots=True)
class Yardsticks:
    """The programs that run the other software, None where they are not installed."""

    rscript: str | None
    python: str | None

    @classmethod
    def found(cls, environment: Mapping[str, str] = os.environ) -> "Yardsticks":
        """Return what this machine has."""
        return cls(
            shutil.which("Rscript", path=environment.get("PATH")), environment.get(SVY_SETTING)
        )

    def r(self, script: str, folder: Path) -> Taken:
        """Return what an R script beside this file makes of a folder's files."""
        sources = [part for name in ("exchange", script) for part in ("-e", f'source("{name}.R")')]
        return _taken(self.rscript, [*sources, str(folder)])

    def svy(self, task: str, folder: Path) -> Taken:
        """Return what a task of `svy_child.py` makes of a folder's files.

        Isolated: it must not take the bench's modules for those of the same name that it needs.
        """
        return _taken(self.python, ["-I", "svy_child.py", task, str(folder)])


@contextmanager
def one_thread() -> Iterator[None]:
    """Let processes that are started meanwhile compute in one thread each."""
    before = dict(os.environ)
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name in ONE_THREAD:
            if name in before:
                os.environ[name] = before[name]
            else:
                del os.environ[name]


def _taken(program: str | None, arguments: list[str]) -> Taken:
    if program is None:
        raise NotThereError(NOT_INSTALLED)
    try:
        found = subprocess.run(
            [program, *arguments],
            cwd=HERE,
            env={**os.environ, **ONE_THREAD},
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        raise NotThereError(NOT_INSTALLED) from None
    if found.returncode:
        if ABSENT.search(found.stderr):
            raise NotThereError(NOT_INSTALLED)
        click.echo("\n".join(found.stderr.strip().splitlines()[-3:]))
        raise NotThereError("did not run")
    told = json.loads(found.stdout)
    figures = {name: np.array(values, np.float64) for name, values in told["figures"].items()}
    return Taken(told["seconds"], figures, told["versions"])
