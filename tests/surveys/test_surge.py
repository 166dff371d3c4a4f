"""Surge mode: received is true, nothing waits unseen, and every ballot ends in the store once."""

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import create_app
from surveys.ballots import Outcome, store
from surveys.db import reading, transaction
from surveys.draining import Drainer
from surveys.models import Ballot, Comment, Participation, Round, RoundState, TallyCell
from surveys.questionnaire import Channel, UnitRating, Validity
from surveys.refusals import BallotsWaiting, LinkClosed, SurgeSilent
from surveys.surge import (
    FIELD,
    Streams,
    SurgeIntake,
    check_drained,
    read_entry,
    shard_of,
    shards_of,
    write_entry,
)
from surveys.tokens import token_digest
from tests.makers import NOW, make_round, make_submission
from tests.services.redises import own_redis, redis_cluster, wait_for_cluster

KEY = b"a key for tests, long enough to be one"
pytestmark = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


@pytest.fixture(scope="module")
def server():
    with own_redis() as started:
        yield started


@pytest.fixture
def streams(server):
    server.client().flushall()
    return Streams(server.url, KEY)


@pytest.fixture
def made(database):
    with transaction(database) as session:
        return make_round(session)


@pytest.fixture
def intake(streams, database):
    opened = SurgeIntake(streams, database, lambda: NOW)
    yield opened
    opened.close()


def many(made, count, **changes):
    return [make_submission(made, submission_id=f"{n:022d}", **changes) for n in range(count)]


def drain(streams, database, name="drainer"):
    drainer, done = Drainer(streams, database, name), Counter()
    while swept := drainer.sweep(0.0):
        done += swept
    return done


def validities(database):
    with reading(database) as session:
        return Counter(session.scalars(select(Ballot.validity)))


def counted(database):
    with reading(database) as session:
        return sum(session.scalars(select(TallyCell.count)))


def test_what_is_received_waits_and_is_then_stored_counted_and_gone(
    database, made, streams, intake
):
    sent = many(made, 30, comments=((1, "窗口很快"),), answers=(("ways", ("net", "window")),))
    assert {intake.keep(one) for one in sent} == {Outcome.RECEIVED}
    assert streams.waiting(made.round.id) == 30
    assert validities(database) == {}, "not stored yet, and nobody was told so"
    assert drain(streams, database) == {"kept": 30}
    assert streams.waiting(made.round.id) == 0
    assert validities(database) == {Validity.COUNTED: 30}
    assert counted(database) == 60
    with reading(database) as session:
        assert len(session.scalars(select(Comment.id)).all()) == 30
        assert session.scalars(select(Participation.count)).all() == [30]
        assert {json.loads(text)["ways"][1] for text in session.scalars(select(Ballot.answers))}


def test_the_same_ballot_by_every_way_is_stored_once(database, made, streams, intake):
    one = make_submission(made, device_key="d")
    for _ in range(3):
        assert intake.keep(one) is Outcome.RECEIVED
    with transaction(database) as session:
        assert store(session, [one], NOW) == [Outcome.KEPT]
    assert drain(streams, database) == {"kept before": 3}
    assert validities(database) == {Validity.COUNTED: 1}


def test_of_one_browser_the_first_counts(database, made, streams, intake):
    first = make_submission(made, submission_id="z" * 22, device_key="d")
    second = make_submission(made, submission_id="a" * 22, device_key="d")
    assert shard_of(first) == shard_of(second), "one stream, so their order stays"
    for one in (first, second):
        intake.keep(one)
        drain(streams, database)
    with reading(database) as session:
        found = dict(session.execute(select(Ballot.id, Ballot.validity)).all())
    assert found == {first.submission_id: Validity.COUNTED, "a" * 22: Validity.DUPLICATE}


def test_a_one_time_code_never_comes_near_redis(database, made, server, intake):
    code = made.tokens["npc"][0]
    one = make_submission(made, "npc", token_digest=token_digest(code))
    assert intake.keep(one) is Outcome.KEPT
    assert server.client().keys() == []


@pytest.mark.parametrize(
    ("setting", "unsafe", "safe"),
    [
        ("appendfsync", "everysec", "always"),
        ("appendonly", "no", "yes"),
        ("no-appendfsync-on-rewrite", "yes", "no"),
        ("maxmemory-policy", "allkeys-lru", "noeviction"),
    ],
)
def test_without_its_proof_a_ballot_is_stored_directly(
    database, made, server, intake, streams, setting, unsafe, safe
):
    server.client().config_set(setting, unsafe)
    try:
        assert setting in streams.problem()
        sent = many(made, 3)
        assert [intake.keep(one) for one in sent] == [Outcome.KEPT] * 3
        assert streams.waiting(made.round.id) <= 1, "after the first it is not even asked"
        drain(streams, database)
        assert validities(database) == {Validity.COUNTED: 3}
    finally:
        server.client().config_set(setting, safe)
    assert streams.problem() == ""


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda client, key: client.set(key, "x"), id="another type"),
        pytest.param(lambda client, key: client.config_set("maxmemory", 1), id="no memory"),
    ],
)
def test_a_stream_that_takes_nothing_is_passed_by(database, made, server, intake, harm):
    one = make_submission(made)
    harm(server.client(), shard_of(one).key)
    try:
        assert intake.keep(one) is Outcome.KEPT
    finally:
        server.client().config_set("maxmemory", 0)


def test_without_redis_ballots_are_stored_directly(database, made):
    intake = SurgeIntake(Streams("redis://127.0.0.1:1/0", KEY), database, lambda: NOW)
    assert [intake.keep(one) for one in many(made, 2)] == [Outcome.KEPT] * 2
    intake.close()


@pytest.mark.parametrize(
    ("state", "changes", "expected"),
    [
        pytest.param(RoundState.CLOSED, {}, {Validity.COUNTED: 1}, id="closed: received in time"),
        pytest.param(RoundState.SCORED, {}, {Validity.HELD: 1}, id="scored: a person decides"),
        pytest.param(
            RoundState.OPEN,
            {"frozen_at": NOW + timedelta(seconds=1)},
            {},
            id="it belonged to the rehearsal",
        ),
    ],
)
def test_the_moment_of_receiving_decides(database, made, streams, intake, state, changes, expected):
    intake.keep(make_submission(made))
    with transaction(database) as session:
        session.execute(update(Round).values(state=state, **changes))
    drain(streams, database)
    assert validities(database) == expected
    assert counted(database) == (2 if expected.get(Validity.COUNTED) else 0)
    assert streams.waiting(made.round.id) == 0


def test_it_is_stored_under_the_day_it_was_received(database, made, streams):
    for day in range(3):
        one = make_submission(made, submission_id=f"{day:022d}", device_key="d" * day or None)
        assert streams.add(one, NOW + timedelta(days=day))
    drain(streams, database)
    with reading(database) as session:
        days = Counter(session.scalars(select(Ballot.received_on)))
        assert days == Counter(session.scalars(select(Participation.day)))
    assert len(days) == 3


def test_a_poisoned_ballot_is_set_aside_and_its_neighbours_are_stored(
    database, made, streams, server
):
    good = many(made, 20)
    poison = make_submission(made, group_id=999_999, submission_id="p" * 22)
    for one in (*good[:10], poison, *good[10:]):
        assert streams.add(one, NOW)
    shard = shard_of(poison)
    server.client().xadd(shard.key, {FIELD: b"x" * 80})  # forged
    server.client().xadd(shard.key, {b"other": b"thing"})
    elsewhere = replace(good[0], round_id=made.round.id + 1, submission_id="e" * 22)
    forged = write_entry(KEY, shard, elsewhere, NOW)
    server.client().xadd(shard.key, {FIELD: forged})
    assert drain(streams, database) == {"kept": 20, "aside": 4}
    assert validities(database) == {Validity.COUNTED: 20}
    assert streams.waiting(made.round.id) == 0
    assert streams.aside(made.round.id) == 4
    assert Drainer(streams, database, "x").retry_aside(made.round.id) == 4
    assert drain(streams, database) == {"aside": 4}, "and comes back when it is still bad"


def test_an_entry_is_good_in_its_own_stream_only(made):
    one = make_submission(made)
    streams = Streams("redis://127.0.0.1:1/0", KEY)
    first, other, *_ = shards_of(made.round.id)
    sealed = {FIELD: write_entry(KEY, first, one, NOW)}
    assert streams.read(first, sealed) == (one, NOW)
    with pytest.raises(ValueError, match="seal"):
        streams.read(other, sealed)


def test_an_entry_holds_the_whole_ballot_and_no_code(made):
    one = make_submission(
        made,
        ratings=(UnitRating(1, "ABBNC"),),
        answers=(("visits", 3), ("ways", ("net", "window")), ("role", "person")),
        comments=((1, "“引号”\n换行"),),
        reasons=("speed",),
        validity=Validity.FLAGGED,
        channel=Channel.WINDOW,
        seconds=0,
        device_key="d",
    )
    content = write_entry(KEY, shard_of(one), one, NOW)[32:]
    assert read_entry(content) == (one, NOW)
    assert json.loads(content)["token_digest"] is None


def test_a_drainer_that_died_is_done_again_by_the_next(database, made, streams, server):
    sent = many(made, 40)
    for one in sent:
        streams.add(one, NOW)
    dead = Drainer(streams, database, "dead")
    for shard in shards_of(made.round.id):  # it had taken everything, and stored the first stream
        taken = dead._next(shard)
        if shard.number == 0:
            with transaction(database) as session:
                store(session, [streams.read(shard, fields)[0] for _, fields in taken], NOW)
    assert Drainer(streams, database, "next").sweep(3600.0) == {}, "it may be alive"
    done = drain(streams, database, "next")
    assert done["kept"] + done["kept before"] == 40
    assert validities(database) == {Validity.COUNTED: 40}
    assert counted(database) == 80


def test_a_round_is_not_scored_while_ballots_wait_and_none_can_follow(
    database, made, streams, intake, settings, server
):
    surging = replace(settings, redis_url=server.url, secret_key=KEY, surge=True)

    def check(given=surging):
        with reading(database) as session:
            check_drained(session, given, made.round.id)

    first, late = many(made, 2)
    intake.keep(first)
    check()  # still open: nothing is shut, whoever asks
    assert streams.waiting(made.round.id) == 1
    with transaction(database) as session:
        session.execute(update(Round).values(state=RoundState.CLOSED))
    with pytest.raises(BallotsWaiting, match="1 ballots"):
        check(replace(surging, surge=False))
    with pytest.raises(BallotsWaiting, match="1 ballots"):
        check()
    drain(streams, database)
    check()
    with pytest.raises(LinkClosed):
        intake.keep(late)
    assert streams.waiting(made.round.id) == 0


def test_a_round_is_not_scored_while_redis_is_silent(database, made, settings):
    with transaction(database) as session:
        session.execute(update(Round).values(state=RoundState.CLOSED))
    silent = replace(settings, redis_url="redis://127.0.0.1:1/0", surge=True)
    with reading(database) as session:
        with pytest.raises(SurgeSilent):
            check_drained(session, silent, made.round.id)
        check_drained(session, replace(silent, surge=False), made.round.id)
        check_drained(session, settings, made.round.id)


def test_a_cluster_keeps_the_same_promise(database, made):
    with redis_cluster() as (url, servers):
        streams = Streams(url, KEY)
        assert streams.problem() == ""
        sent = many(made, 60)
        assert [streams.add(one, NOW) for one in sent] == [True] * 60
        holding = [server for server in servers if server.client().dbsize()]
        assert len(holding) > 1, "the streams are spread"
        holding[0].stop()
        later = many(made, 80)[60:]
        intake = SurgeIntake(streams, database, lambda: NOW)
        assert {intake.keep(one) for one in later} <= {Outcome.KEPT, Outcome.RECEIVED}
        intake.close()
        holding[0].start()
        wait_for_cluster(servers)
        done = drain(Streams(url, KEY), database)
        assert done["aside"] == 0
    assert validities(database) == {Validity.COUNTED: 80}


def test_the_commands_say_what_waits_and_store_it(app, server, database, settings):
    server.client().flushall()
    with transaction(database) as session:
        made = make_round(session)
    streams = Streams(server.url, settings.secret_key)
    surging = create_app(replace(settings, redis_url=server.url))
    for one in many(made, 3):
        streams.add(one, NOW)
    streams.add(make_submission(made, group_id=999_999, submission_id="p" * 22), NOW)

    def said(*arguments):
        done = surging.test_cli_runner().invoke(args=["surge", *arguments])
        assert done.exit_code == 0, done.output
        return done.output

    assert "waiting 4  搁置 / set aside 0" in said("status")
    assert "aside 1  kept 3" in said("drain", "--once").replace("\n", "  ").replace(
        "kept 3  aside 1", "aside 1  kept 3"
    )
    assert "waiting 0  搁置 / set aside 1" in said("status")
    assert "1 份重新排队" in said("retry", made.round.code)
    server.client().config_set("appendfsync", "everysec")
    assert "not durable, ballots are stored directly: appendfsync everysec" in said("status")
    server.client().config_set("appendfsync", "always")
    surging.extensions["installation"].database.dispose()
    without = app.test_cli_runner().invoke(args=["surge", "status"])
    assert without.exit_code == 1
    assert "PINGYI_REDIS_URL" in without.output
