"""Run a command with PostgreSQL and Redis at hand: `python -m tests.services pytest …`."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from types import FrameType

from tests.services.servers import postgresql, postgresql_programs, redis_server

SERVERS = {"PINGYI_TEST_POSTGRES": postgresql, "PINGYI_TEST_REDIS": redis_server}


def main(arguments: list[str]) -> int:
    """Run the command between the start and the stop of the servers, and return its exit code."""
    if arguments == ["--has", "postgresql"]:
        return int(postgresql_programs() is None)
    signal.signal(signal.SIGTERM, leave)
    with ExitStack() as servers:
        environment = dict(os.environ)
        for name, server in SERVERS.items():
            if not environment.get(name):  # addresses that are given are used as they are
                environment[name] = servers.enter_context(server())
        return run(arguments, environment)


def run(command: list[str], environment: dict[str, str]) -> int:
    """Run the command, and let it finish its own Ctrl-C before the servers go."""
    with subprocess.Popen(command, env=environment) as process:
        try:
            return process.wait()
        except (KeyboardInterrupt, SystemExit):
            process.terminate()
            process.wait(timeout=30)
            raise


def leave(number: int, frame: FrameType | None) -> None:
    """Turn a request to end into an orderly exit, so that the servers are stopped."""
    sys.exit(128 + number)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
