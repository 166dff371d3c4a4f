"""A disk that fails when asked: calls of one process made to fail or wait, and a tiny disk."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CALLS = "fsync,fdatasync,pwrite64,ftruncate"
KILOBYTE = 1024


@contextmanager
def tampered(process: int, *injections: str, calls: str = CALLS) -> Iterator[Path]:
    """Trace a running process with injections in strace's words; yield the file with its calls."""
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace"
        words = [word for one in injections for word in ("-e", f"inject={one}")]
        tracer = subprocess.Popen(
            ["strace", "-f", "-o", str(trace), "-e", f"trace={calls}", *words, "-p", str(process)],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert tracer.stderr is not None
        try:
            said = tracer.stderr.readline()
            assert "attached" in said, said
            yield trace
        finally:
            tracer.terminate()
            tracer.communicate(timeout=20)


def injected_calls(trace: Path) -> list[str]:
    """Return the calls that were tampered with, as strace wrote them."""
    written = trace.read_text(errors="replace").splitlines()
    return [line for line in written if line.endswith(("(INJECTED)", "(DELAYED)"))]


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """Mount a tiny disk in memory; where that is not allowed the test says so and is left out."""
    folder.mkdir()
    size = f"size={kilobytes * KILOBYTE}"
    command = ["mount", "-t", "tmpfs", "-o", size, "pingyi-test", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no right to mount: {mounted.stderr.strip()}; the injected ENOSPC stands in")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
