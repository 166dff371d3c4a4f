"""The product with an open round behind a port, and what its phones were told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from surveys.db import Database, open_database, transaction
from tests.faults.checker import Verdict, check_promise
from tests.faults.journal import Journal, read_journals
from tests.faults.phones import Crowd, Phones
from tests.faults.writer import wait_until
from tests.makers import Made, make_round
from tests.server import Server


@dataclass
class Served:
    """A server, its store, its round and the phones that answer."""

    server: Server
    database: Database
    made: Made
    journal: Path
    phones: Phones = field(init=False)

    def __post_init__(self) -> None:
        self.phones = self.phones_at(self.server.port)

    def phones_at(self, port: int) -> Phones:
        """Return phones that reach the server through this port."""
        return Phones(port, self.made, Journal(self.journal))

    def check(self) -> Verdict:
        """Fail unless the store has what was acknowledged."""
        # Connections from before a fault would only tell that they are gone.
        self.database.dispose()
        return check_promise(self.database, self.made.round.id, read_journals([self.journal]))


@contextmanager
def serving(url: str, folder: Path) -> Iterator[Served]:
    """Serve an open round from a migrated database for the block."""
    database = open_database(url)
    with transaction(database) as session:
        made = make_round(session)
    server = Server(folder / "var", url)
    server.start()
    try:
        yield Served(server, database, made, folder / "journal")
    finally:
        server.stop()
        database.dispose()


def more(crowd: Crowd, count: int = 20) -> None:
    """Wait until so many more ballots are acknowledged."""
    before = crowd.acknowledged
    wait_until(lambda: crowd.acknowledged >= before + count)
