"""Room on the disk: a ballot is refused while there is too little of it to keep a promise."""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.engine import make_url

from surveys.refusals import StoreFull
from surveys.settings import Settings

log = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024
LOOK_SECONDS = 1.0


class FreeSpace:
    """The room that is left where the data lie; looked up at most once a second.

    The store would refuse too when it is full, but in the middle of a batch and with nothing left
    for its own log. A minimum of 0 switches the guard off.
    """

    def __init__(
        self,
        folders: tuple[Path, ...],
        minimum_mb: int,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folders = folders
        self._minimum = minimum_mb * MEGABYTE
        self._ticks = ticks
        self._looked_at = float("-inf")
        self._is_short = False

    @property
    def is_short(self) -> bool:
        """Tell whether less than the minimum is left in one of the folders."""
        now = self._ticks()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            was_short, self._is_short = self._is_short, self._look()
            if self._is_short and not was_short:
                log.error("less than %d MB are free: ballots are refused", self.minimum_mb)
            elif was_short and not self._is_short:
                log.warning("there is room again: ballots are taken")
        return self._is_short

    @property
    def minimum_mb(self) -> int:
        """Return how much must stay free, in megabytes."""
        return self._minimum // MEGABYTE

    def check(self) -> None:
        """Refuse a ballot when there is no room to keep it."""
        if self._minimum and self.is_short:
            raise StoreFull

    def _look(self) -> bool:
        return any(free_bytes(folder) < self._minimum for folder in self._folders)


def data_folders(settings: Settings) -> tuple[Path, ...]:
    """Return the folders that an installation writes to; they are made if missing."""
    url = make_url(settings.database_url)
    folders = {settings.var}
    if url.get_backend_name() == "sqlite" and url.database:
        folders.add(Path(url.database).resolve().parent)
    for folder in folders:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return tuple(sorted(folders))


def free_bytes(folder: Path) -> int:
    """Return how much an ordinary process may still write in a folder."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
