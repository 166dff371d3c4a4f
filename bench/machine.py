"""What a figure was measured on: the machine in general words, and how fast its disk syncs."""

import os
import platform
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pysqlite3

SYNCS = 200
PACKAGES = ("flask", "werkzeug", "sqlalchemy", "psycopg", "granian", "numpy", "dask", "duckdb")
PROC = Path("/proc")


@dataclass(frozen=True)
class Machine:
    """Where a run took place."""

    cores: int
    cpu: str
    memory_gib: float
    system: str
    python: str
    sqlite: str
    packages: dict[str, str]


@dataclass(frozen=True)
class Quiet:
    """What else went on while a run was taken: the disk's sync time and the load of neighbours."""

    sync_ms_median: float
    sync_ms_p99: float
    load_average: float


def machine() -> Machine:
    """Return this machine in words that name no installation."""
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        cpu=_line("cpuinfo", "model name"),
        memory_gib=round(pages / 2**30, 1),
        system=_system(),
        python=sys.version.split()[0],
        sqlite=pysqlite3.sqlite_version,
        packages={name: version(name) for name in PACKAGES},
    )


def quiet(folder: Path) -> Quiet:
    """Measure how long a write of one page takes until it is on the disk that holds a folder."""
    path = folder / "sync.probe"
    took = []
    with path.open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(b"\0" * 4096)
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - begun) * 1000)
    path.unlink()
    took.sort()
    return Quiet(
        round(took[SYNCS // 2], 3), round(took[int(SYNCS * 0.99)], 3), round(os.getloadavg()[0], 1)
    )


def _line(file: str, name: str) -> str:
    for line in (PROC / file).read_text(encoding="utf-8").splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return platform.machine()


def _system() -> str:
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    named = dict(line.split("=", 1) for line in release.splitlines() if "=" in line)
    return f"{named['PRETTY_NAME'].strip(chr(34))}, Linux {platform.release().split('-')[0]}"
