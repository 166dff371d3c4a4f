"""A database file with an open round, copied for every fault, and writers that fill the copies."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surveys.db import open_database, transaction
from tests.faults.checker import Verdict, check_promise
from tests.faults.disk import injected_calls, tampered
from tests.faults.journal import History, read_journals
from tests.faults.writer import Entrances, Nursery, Orders, entrances_of, issue_tokens, wait_until
from tests.makers import make_round

BALLOTS = 12
TOKENS_UP_TO = 2000


@dataclass(frozen=True)
class Copies:
    """A round in a database file, and the writers that fill copies of it."""

    template: Path
    entrances: Entrances
    writers: Nursery

    def orders(self, folder: Path, **changes: Any) -> Orders:
        """Copy the database into a folder; return what a writer shall do with the copy."""
        folder.mkdir(exist_ok=True)
        shutil.copy(self.template, folder / "pingyi.db")
        url = f"sqlite:///{folder / 'pingyi.db'}"
        return Orders(
            **{
                "database_url": url,
                "journal": str(folder / "journal"),
                "entrances": self.entrances,
                "seed": 0,
                "count": BALLOTS,
                "threads": 1,
                "gate": str(folder / "gate"),
                "tries": 10_000,
                **changes,
            }
        )

    def run(self, orders: Orders, *injections: str) -> list[str]:
        """Let a writer do its orders on a disk that fails; return the calls that failed."""
        writer = self.writers.start(orders)
        wait_until(Path(f"{orders.gate}.reached").exists)
        with tampered(writer, *injections) as trace:
            Path(orders.gate).touch()
            assert self.writers.wait(writer) == 0
            return injected_calls(trace)

    def check(self, orders: Orders) -> tuple[Verdict, History]:
        """Fail unless the store has what was acknowledged."""
        history = read_journals([Path(orders.journal)])
        database = open_database(orders.database_url)
        verdict = check_promise(database, self.entrances.round_id, history)
        database.dispose()
        return verdict, history


def prepare_copies(migrated: Path, template: Path, writers: Nursery) -> Copies:
    """Make the database file that is copied: a round, its entrances, its tokens."""
    shutil.copy(migrated, template)
    database = open_database(f"sqlite:///{template}")
    with transaction(database) as session:
        made = make_round(session)
    issue_tokens(database, entrances_of(made), 0, range(TOKENS_UP_TO))
    database.dispose()
    return Copies(template, entrances_of(made), writers)
