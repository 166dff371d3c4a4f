"""Jobs handed out by Huey on Redis, where that is set; the rows stay the truth."""

import hashlib
import logging
import signal
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from redis import ConnectionPool
from redis.exceptions import RedisError

from surveys.circuit import CLUSTER
from surveys.db import Database
from surveys.jobs.kinds import KINDS
from surveys.jobs.runner import Runner
from surveys.settings import Settings

if TYPE_CHECKING:
    from huey import RedisHuey

log = logging.getLogger(__name__)

QUEUE = "pingyi-jobs"
_MARK_SIGNS = 12
# A job that Redis was not told of, or forgot, is found in the store after this long.
PATIENCE = timedelta(seconds=10)
CONNECT_SECONDS = 2
ANSWER_SECONDS = 5
HEALTH_SECONDS = 10


def has_queue(settings: Settings) -> bool:
    """Tell whether jobs are handed out by Redis; Huey knows no cluster, so there they are not."""
    return bool(settings.redis_url) and not str(settings.redis_url).startswith(CLUSTER)


def queue_name(settings: Settings) -> str:
    """Return the queue's name in Redis, which several installations may share."""
    mark = hashlib.sha256(QUEUE.encode() + settings.secret_key).hexdigest()[:_MARK_SIGNS]
    return f"{QUEUE}-{mark}"


def announce(settings: Settings, job_id: int) -> None:
    """Tell the workers of a job that is committed; without Redis nobody needs to be told."""
    if not has_queue(settings):
        return
    huey = _huey(settings)
    try:
        _task(huey, _nothing)(job_id)
    except (RedisError, OSError):
        log.warning("redis is not answering: job %s waits for the next look at the store", job_id)
    finally:
        huey.storage.close()


def work(
    settings: Settings,
    database: Database,
    clock: Callable[[], datetime],
    kinds: Mapping[str, str] = KINDS,
    patience: timedelta = PATIENCE,
) -> None:
    """Do jobs until a signal comes: those that Redis hands out, and whatever waits in the store."""
    queued = has_queue(settings)
    sweeper = Runner(settings, database, clock, kinds, patience if queued else timedelta())
    runner = Runner(settings, database, clock, kinds)
    consumer = _consumer(settings, runner) if queued else None
    sweeper.start()
    if consumer is not None:
        consumer.start()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    while not stopping.wait(HEALTH_SECONDS):
        if consumer is not None:
            consumer.check_worker_health()
    runner.stop()
    sweeper.stop()
    if consumer is not None:
        consumer.stop(graceful=True)


def _nothing(_job_id: int) -> None:
    """Stand in for the work where a job is only announced."""


def _consumer(settings: Settings, runner: Runner) -> Any:
    huey = _huey(settings)

    def do_job(job_id: int) -> None:
        runner.run(job_id)  # nothing happens where another has it, or it is done

    _task(huey, do_job)
    return huey.create_consumer(workers=1, periodic=False)


def _task(huey: "RedisHuey", do: Callable[[int], None]) -> Callable[[int], object]:
    task: Callable[[int], object] = huey.task(name="do_job")(do)
    return task


def _huey(settings: Settings) -> "RedisHuey":
    """Return the queue; what it carries is signed, for Huey unpickles it."""
    from huey import RedisHuey  # a process that announces nothing need not load it
    from huey.serializer import SignedSerializer

    pool = ConnectionPool.from_url(
        str(settings.redis_url),
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
    )
    serializer = SignedSerializer(secret=settings.secret_key, salt=QUEUE)
    name = queue_name(settings)
    return RedisHuey(
        name, results=False, connection_pool=pool, serializer=serializer, clean_name=False
    )
