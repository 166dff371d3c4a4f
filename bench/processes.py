"""What the processes of a server cost: CPU time and memory of a whole tree, read from /proc."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
# Fields of /proc/<pid>/stat behind the name, counted from the state (proc(5)).
PARENT, USER, SYSTEM, CHILDREN_USER, CHILDREN_SYSTEM = 1, 11, 12, 13, 14


@dataclass(frozen=True)
class Process:
    """One process as /proc shows it; times in milliseconds."""

    pid: int
    name: str
    parent: int
    cpu_ms: float
    gone_children_ms: float


def tree(roots: Iterable[int]) -> tuple[Process, ...]:
    """Return some processes and all that descend from them."""
    every = {found.pid: found for found in _processes()}
    wanted = {pid for pid in roots if pid in every}
    grown = True
    while grown:
        more = {one.pid for one in every.values() if one.parent in wanted} - wanted
        wanted |= more
        grown = bool(more)
    return tuple(every[pid] for pid in sorted(wanted))


def cpu_ms(roots: Iterable[int]) -> float:
    """Return the CPU time that a tree has used, those of its children included that have ended."""
    return sum(one.cpu_ms + one.gone_children_ms for one in tree(roots))


def pss_mib(pid: int) -> float:
    """Return the proportional share of memory of a process in MiB."""
    for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def command_line(pid: int) -> list[str]:
    """Return the arguments that a process was started with."""
    return (PROC / str(pid) / "cmdline").read_bytes().decode().rstrip("\0").split("\0")


def _processes() -> Iterable[Process]:
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            text = (folder / "stat").read_text(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        name, _, rest = text.partition("(")[2].rpartition(")")
        parts = rest.split()
        yield Process(
            int(folder.name),
            name,
            int(parts[PARENT]),
            (int(parts[USER]) + int(parts[SYSTEM])) * TICK_MS,
            (int(parts[CHILDREN_USER]) + int(parts[CHILDREN_SYSTEM])) * TICK_MS,
        )
