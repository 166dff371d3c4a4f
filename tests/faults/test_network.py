"""Networks that cut, repeat, delay and dribble: every ballot arrives once, whatever was heard."""

import socket
import time

import pytest
from sqlalchemy import func, select

from surveys.db import reading
from surveys.models import Ballot
from tests.conftest import ENGINES, fresh_database
from tests.faults import proxy as bad
from tests.faults.journal import Told
from tests.faults.phones import NO_ANSWER, Crowd
from tests.faults.proxy import Proxy
from tests.faults.served import more, serving

IDLE = 500
DRIBBLING = 48  # each holds a thread of the server, which has 64; a proxy in front takes them all


@pytest.fixture(scope="module", params=ENGINES)
def served(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    with fresh_database(request, folder) as url, serving(url, folder) as found:
        yield found


@pytest.fixture
def network(served, seed):
    opened = Proxy(served.server.port, seed)
    yield opened
    opened.close()


def stored(served):
    with reading(served.database) as session:
        return session.scalar(select(func.count()).select_from(Ballot))


@pytest.mark.parametrize(
    "treatment",
    [bad.often_reset_before_the_answer, bad.often_cut_in_the_answer, bad.delivered_three_times],
)
def test_pressed_again_until_it_is_known(served, network, treatment):
    network.treatment = treatment
    with Crowd(served.phones_at(network.port)) as crowd:
        more(crowd, 60)
    network.treatment = bad.passed_on
    crowd.settle()
    assert set(crowd.heard) <= {"200", NO_ANSWER}
    verdict = served.check()
    if treatment is not bad.delivered_three_times:
        assert crowd.heard[NO_ANSWER], "some did not hear"
        assert verdict.recovered, "and were told on the next try that it was there"


def test_what_was_held_back_arrives_after_its_own_retry(served, network):
    phones = served.phones_at(network.port)
    pages = [phones.opened() for _ in range(30)]
    network.treatment = bad.held_back
    assert {phones.send(page).told for page in pages} == {Told.UNKNOWN}
    before = stored(served)
    assert {served.phones.send(page).told for page in pages[:20]} == {Told.ACKNOWLEDGED}
    network.deliver_held()
    assert stored(served) == before + 30
    assert {served.phones.send(page).told for page in pages} == {Told.ACKNOWLEDGED}
    assert stored(served) == before + 30
    served.check()


def test_half_a_page_is_no_ballot(served, network):
    phones = served.phones_at(network.port)
    pages = [phones.opened() for _ in range(20)]
    before = stored(served)
    network.treatment = bad.cut_in_the_body
    assert {phones.send(page).told for page in pages} == {Told.UNKNOWN}
    assert stored(served) == before
    assert {served.phones.send(page).told for page in pages} == {Told.ACKNOWLEDGED}
    assert stored(served) == before + 20
    served.check()


def test_slow_and_idle_phones_do_not_hold_up_the_others(served):
    address = ("127.0.0.1", served.server.port)
    idle = [socket.create_connection(address, 30) for _ in range(IDLE)]
    pages = [served.phones.opened() for _ in range(DRIBBLING)]
    dribbling = []
    for page in pages:
        connection = socket.create_connection(address, 30)
        connection.sendall(served.phones.raw(page)[:-40])
        dribbling.append(connection)
    with Crowd(served.phones) as crowd:
        for place in range(5):
            for page, connection in zip(pages, dribbling, strict=True):
                connection.sendall(served.phones.raw(page)[-40 + place :][:1])
            time.sleep(0.1)
        more(crowd, 40)
    crowd.settle()
    assert set(crowd.heard) == {"200"}
    for page, connection in zip(pages, dribbling, strict=True):
        connection.close()
        assert served.phones.send(page).told is Told.ACKNOWLEDGED
    for connection in idle:
        connection.close()
    served.check()
