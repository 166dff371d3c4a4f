"""The real server ended in the middle of a burst, by force and in good order: no ballot is lost."""

import random
import signal
import time

import pytest

from tests.faults.phones import NO_ANSWER, Crowd
from tests.faults.served import more, serving

CYCLES = 2
JITTER_SECONDS = 0.3


@pytest.mark.timeout(240)
def test_ended_in_bursts(database_url, tmp_path, seed):
    rng = random.Random(seed)
    with serving(database_url, tmp_path) as served:
        for _ in range(CYCLES):
            with Crowd(served.phones) as crowd:
                more(crowd, 40)
                time.sleep(rng.uniform(0, JITTER_SECONDS))
                served.server.stop(signal.SIGKILL)
                crowd.stop()
            served.server.start()
            crowd.settle()
            assert set(crowd.heard) <= {"200", NO_ANSWER}
        with Crowd(served.phones) as crowd:
            more(crowd, 40)
            served.server.stop(signal.SIGTERM)
            crowd.stop()
        assert set(crowd.heard) <= {"200", NO_ANSWER}, "what was taken in is answered, never 5xx"
        served.server.start()
        crowd.settle()
        verdict = served.check()
        assert verdict.acknowledged == verdict.sent > 40 * CYCLES
