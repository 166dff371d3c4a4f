"""PostgreSQL killed, restarted and cut off under the real server: never a false receipt."""

import random
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from surveys import schema
from surveys.db import Database, open_database, transaction
from tests.faults.checker import Verdict, check_promise
from tests.faults.cluster import Cluster, cluster
from tests.faults.disk import injected_calls, tampered
from tests.faults.journal import Journal, Told, read_journals
from tests.faults.phones import Crowd, Phones
from tests.faults.writer import wait_until
from tests.makers import Made, make_round
from tests.server import Server

pytestmark = pytest.mark.postgres
OURS = "datname IS NOT NULL AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
END_ALL = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OURS}"
WAITING = f"SELECT pid FROM pg_stat_activity WHERE {OURS} AND wait_event = 'SyncRep'"
WRITING = f"SELECT pid FROM pg_stat_activity WHERE {OURS} ORDER BY state_change DESC"


@dataclass
class Served:
    """The product on a PostgreSQL that may be killed."""

    store: Cluster
    database: Database
    server: Server
    made: Made
    journal: Path
    phones: Phones = field(init=False)

    def __post_init__(self) -> None:
        self.phones = Phones(self.server.port, self.made, Journal(self.journal))

    def check(self) -> Verdict:
        """Fail unless the store has what was acknowledged."""
        return check_promise(self.database, self.made.round.id, read_journals([self.journal]))


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("down")
    with cluster() as store:
        database = open_database(store.url)
        schema.upgrade(database)
        with transaction(database) as session:
            made = make_round(session)
        server = Server(folder / "var", store.url)
        server.start()
        yield Served(store, database, server, made, folder / "journal")
        server.stop()
        database.dispose()


def more(crowd, count=20):
    """Wait until so many more ballots are acknowledged."""
    before = crowd.acknowledged
    wait_until(lambda: crowd.acknowledged >= before + count)


@pytest.mark.parametrize(
    "how",
    [
        pytest.param("killed", id="killed"),
        pytest.param("immediate", id="restarted at once"),
        pytest.param("fast", id="restarted in good order"),
    ],
)
def test_the_store_goes_and_comes_back(served, how):
    with Crowd(served.phones) as crowd:
        more(crowd)
        served.store.end(how)
        before, refused = crowd.acknowledged, crowd.heard["503"]
        wait_until(lambda: crowd.heard["503"] >= refused + 20)
        assert crowd.acknowledged <= before + 8, "only answers that were on their way"
        before = crowd.acknowledged
        wait_until(lambda: crowd.heard["503"] >= refused + 40)
        assert crowd.acknowledged == before, "no receipt while there is no store"
        served.store.start()
        more(crowd)
    crowd.settle()
    served.database.dispose()
    assert set(crowd.heard) <= {"200", "503"}, "and every other answer said: not saved yet"
    assert served.check().acknowledged


def test_connections_are_cut_in_traffic(served, seed):
    rng = random.Random(seed)
    with Crowd(served.phones) as crowd:
        for _ in range(10):
            more(crowd, rng.randrange(1, 12))
            served.store.ask(END_ALL)
        more(crowd)
    crowd.settle()
    served.database.dispose()
    assert set(crowd.heard) <= {"200", "503"}
    assert served.check().acknowledged


def test_a_commit_whose_answer_never_comes(served):
    unheard = []

    def send_until_unheard():
        while not unheard:
            filled = served.phones.opened()
            heard = served.phones.send(filled)
            if heard.told is not Told.ACKNOWLEDGED:
                unheard.append((filled, heard))

    # The commit is on this server's disk, but waits for a copy on another one that does not exist.
    let_commits_wait_for(served.store, "nobody")
    sending = threading.Thread(target=send_until_unheard)
    sending.start()
    wait_until(lambda: served.store.ask(WAITING))
    served.store.ask(END_ALL)
    sending.join()
    let_commits_wait_for(served.store, "")
    ((filled, heard),) = unheard
    assert heard.word == "503", "not known, so not promised"
    again = [served.phones.send(filled) for _ in range(2)]
    assert [answer.told for answer in again] == [Told.ACKNOWLEDGED] * 2
    assert again[0].receipt == again[1].receipt
    served.database.dispose()
    assert served.check().recovered, "it was there all the time, once"


def test_the_disk_under_postgresql_fails(served):
    """A flush that fails once makes PostgreSQL stop and recover rather than guess."""
    with Crowd(served.phones) as crowd:
        more(crowd)
        (backend,) = served.store.ask(f"{WRITING} LIMIT 1")[0]
        with tampered(backend, "fdatasync,fsync:error=EIO:when=2") as trace:
            wait_until(lambda: injected_calls(trace))
        more(crowd)
    crowd.settle()
    served.database.dispose()
    assert set(crowd.heard) <= {"200", "503"}
    assert crowd.heard["503"], "somebody was told that the ballot is not saved"
    assert served.check().acknowledged


def let_commits_wait_for(store, names):
    """Name the copies on other machines that a commit waits for."""
    store.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
    store.ask("SELECT pg_reload_conf()")
