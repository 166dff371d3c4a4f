"""One serving process per SQLite file: a lock beside the file that lives as long as its server."""

import fcntl
import os
import time
from pathlib import Path

from sqlalchemy.engine import make_url

# The number of the open lock, for the processes that a server starts: they share its hold.
VARIABLE = "SERVING_LOCK"
PATIENCE_SECONDS = 2.0  # somebody may only be asking who holds it
_LOOK_AGAIN_SECONDS = 0.05


class StoreServed(SystemExit):
    """Another process serves this file already; stops the start with one sentence."""

    def __init__(self, path: Path, holder: int | None) -> None:
        by = f"进程 {holder} / process {holder}" if holder else "另一个进程 / another process"
        super().__init__(
            f"{path}: 该数据库正由另一个服务进程使用，SQLite 只能有一个；"
            "请先停止它，多进程请用 PostgreSQL。"
            f" / This database is being served already, and SQLite takes one server: "
            f"stop the other first, or use PostgreSQL. ({by})"
        )


def store_file(database_url: str) -> Path | None:
    """Return the file of an embedded store; None for PostgreSQL and for a store in memory."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database).resolve()


def take(path: Path, patience: float = PATIENCE_SECONDS) -> bool:
    """Hold a store file for this process and all it starts; refuse when another serves it.

    True when the hold is new, False when it came down from the process that started this one. The
    lock ends with the last process that has it, however that ends; the empty file stays.
    """
    if _is_inherited(path):
        return False
    lock = lock_file(path)
    lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + patience
    while not _held(descriptor, fcntl.LOCK_EX):
        if time.monotonic() >= deadline:
            os.close(descriptor)
            raise StoreServed(path, holder(path))
        time.sleep(_LOOK_AGAIN_SECONDS)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    os.set_inheritable(descriptor, True)
    os.environ[VARIABLE] = str(descriptor)
    return True


def holder(path: Path) -> int | None:
    """Return the process that serves a store file, or None when nobody does."""
    try:
        descriptor = os.open(lock_file(path), os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        if _held(descriptor, fcntl.LOCK_SH):
            return None
        text = os.read(descriptor, 20).decode().strip()
        return int(text) if text.isdigit() else 0
    finally:
        os.close(descriptor)


def lock_file(path: Path) -> Path:
    """Return the lock of a store file."""
    return path.with_name(f"{path.name}.lock")


def _held(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_inherited(path: Path) -> bool:
    """Tell whether the process that started this one handed its hold of the same file down."""
    number = os.environ.get(VARIABLE, "")
    if not number.isdigit():
        return False
    try:
        return os.path.samestat(os.fstat(int(number)), lock_file(path).stat()) and _held(
            int(number), fcntl.LOCK_EX
        )
    except OSError:
        return False
