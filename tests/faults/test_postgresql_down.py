"""PostgreSQL killed, restarted and cut off under the real server: never a false receipt."""

import random
import threading
from dataclasses import dataclass

import pytest

from surveys import schema
from surveys.db import open_database
from tests.faults.cluster import Cluster, cluster
from tests.faults.disk import injected_calls, tampered
from tests.faults.journal import Told
from tests.faults.phones import Crowd
from tests.faults.served import Served, more, serving
from tests.faults.writer import wait_until

pytestmark = pytest.mark.postgres
OURS = "datname IS NOT NULL AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
END_ALL = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OURS}"
WAITING = f"SELECT pid FROM pg_stat_activity WHERE {OURS} AND wait_event = 'SyncRep'"
WRITING = f"SELECT pid FROM pg_stat_activity WHERE {OURS} ORDER BY state_change DESC"


@dataclass(frozen=True)
class ServedOnCluster:
    """The product on a PostgreSQL that may be killed."""

    store: Cluster
    product: Served


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with cluster() as store:
        database = open_database(store.url)
        schema.upgrade(database)
        database.dispose()
        with serving(store.url, tmp_path_factory.mktemp("down")) as product:
            yield ServedOnCluster(store, product)


@pytest.mark.parametrize(
    "how",
    [
        pytest.param("killed", id="killed"),
        pytest.param("immediate", id="restarted at once"),
        pytest.param("fast", id="restarted in good order"),
    ],
)
def test_the_store_goes_and_comes_back(served, how):
    with Crowd(served.product.phones) as crowd:
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
    assert set(crowd.heard) <= {"200", "503"}, "and every other answer said: not saved yet"
    assert served.product.check().acknowledged


def test_connections_are_cut_in_traffic(served, seed):
    rng = random.Random(seed)
    with Crowd(served.product.phones) as crowd:
        for _ in range(10):
            more(crowd, rng.randrange(1, 12))
            served.store.ask(END_ALL)
        more(crowd)
    crowd.settle()
    assert set(crowd.heard) <= {"200", "503"}
    assert served.product.check().acknowledged


def test_a_commit_whose_answer_never_comes(served):
    unheard = []

    def send_until_unheard():
        while not unheard:
            filled = served.product.phones.opened()
            heard = served.product.phones.send(filled)
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
    again = [served.product.phones.send(filled) for _ in range(2)]
    assert [answer.told for answer in again] == [Told.ACKNOWLEDGED] * 2
    assert again[0].receipt == again[1].receipt
    assert served.product.check().recovered, "it was there all the time, once"


def test_the_disk_under_postgresql_fails(served):
    """A flush that fails once makes PostgreSQL stop and recover rather than guess."""
    with Crowd(served.product.phones) as crowd:
        more(crowd)
        (backend,) = served.store.ask(f"{WRITING} LIMIT 1")[0]
        with tampered(backend, "fdatasync,fsync:error=EIO:when=2") as trace:
            wait_until(lambda: injected_calls(trace))
        more(crowd)
    crowd.settle()
    assert set(crowd.heard) <= {"200", "503"}
    assert crowd.heard["503"], "somebody was told that the ballot is not saved"
    assert served.product.check().acknowledged


def let_commits_wait_for(store, names):
    """Name the copies on other machines that a commit waits for."""
    store.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
    store.ask("SELECT pg_reload_conf()")
