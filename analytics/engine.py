"""Where counting happens: in this process, in several, or on the machines of a Dask cluster."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import reduce
from multiprocessing import get_context
from operator import add
from typing import Any, Protocol, Self, TypeVar

RETRIES = 2
MERGED_AT_ONCE = 10
CONNECT_SECONDS = 5


class Additive(Protocol):
    """A value that can be counted in parts: adding is associative and commutative."""

    def __add__(self, other: Self, /) -> Self:
        """Return both counted together."""
        ...


Part = TypeVar("Part")
Sum = TypeVar("Sum", bound=Additive)
OnDone = Callable[[int], object]


class CountingBroke(Exception):
    """The machines that were counting got lost; nothing was counted, so it can begin again."""


class Executor(Protocol):
    """Counts parts somewhere and adds up what they come to."""

    def map_merge(
        self, count: Callable[[Part], Sum], parts: Sequence[Part], on_done: OnDone
    ) -> Sum:
        """Return the sum of `count` over all parts; `on_done` hears how many more are done."""
        ...


def map_merge(
    executor: Executor,
    count: Callable[[Part], Sum],
    parts: Sequence[Part],
    on_done: OnDone = lambda _done: None,
) -> Sum:
    """Count every part exactly once in the sum, wherever and however often it was tried.

    `count` is pure, can be pickled, and may be repeated: a part whose worker was killed is counted
    again, and only one of its results is added. There must be at least one part.
    """
    if not parts:
        raise ValueError("nothing to count")
    return executor.map_merge(count, parts, on_done)


@dataclass(frozen=True)
class InProcess:
    """One part after the other, here."""

    def map_merge(
        self, count: Callable[[Part], Sum], parts: Sequence[Part], on_done: OnDone
    ) -> Sum:
        """Return the sum over all parts."""
        return reduce(add, self._counted(count, parts, on_done))

    @staticmethod
    def _counted(
        count: Callable[[Part], Sum], parts: Sequence[Part], on_done: OnDone
    ) -> Iterator[Sum]:
        for part in parts:
            yield count(part)
            on_done(1)


@dataclass(frozen=True)
class Processes:
    """So many fresh processes on this machine; none is forked from one that has threads."""

    workers: int

    def map_merge(
        self, count: Callable[[Part], Sum], parts: Sequence[Part], on_done: OnDone
    ) -> Sum:
        """Return the sum over all parts."""
        with ProcessPoolExecutor(self.workers, mp_context=get_context("spawn")) as pool:
            futures = [pool.submit(count, part) for part in parts]
            try:
                return reduce(add, self._counted(futures, on_done))
            except BrokenProcessPool as fault:
                raise CountingBroke("a process that was counting ended") from fault
            finally:
                pool.shutdown(cancel_futures=True)

    @staticmethod
    def _counted(futures: Sequence[Future[Sum]], on_done: OnDone) -> Iterator[Sum]:
        for future in as_completed(futures):
            yield future.result()
            on_done(1)


@dataclass(frozen=True)
class Dask:
    """The workers of a Dask cluster, which must have this version and be able to reach the store.

    A part whose worker dies is counted again elsewhere. The scheduler is one process: when it is
    lost, so is the count, and the caller begins again.
    """

    address: str

    def map_merge(
        self, count: Callable[[Part], Sum], parts: Sequence[Part], on_done: OnDone
    ) -> Sum:
        """Return the sum over all parts, merged by the workers like a tree."""
        distributed = _distributed()
        try:
            with distributed.Client(
                self.address, timeout=CONNECT_SECONDS, set_as_default=False
            ) as client:
                return self._merged(client, count, parts, on_done)
        except (
            OSError,  # among them: no scheduler there, no answer in time, a connection lost
            distributed.CancelledError,
            distributed.KilledWorker,
        ) as fault:
            raise CountingBroke(f"{type(fault).__name__}: {self.address}") from fault

    @staticmethod
    def _merged(
        client: Any, count: Callable[[Part], Sum], parts: Sequence[Part], on_done: OnDone
    ) -> Sum:
        # Not "pure" in Dask's sense: it would hand out the result of an earlier count of the part.
        futures = client.map(count, parts, retries=RETRIES, pure=False)
        level = futures
        while len(level) > 1:
            level = [
                client.submit(
                    _added, level[start : start + MERGED_AT_ONCE], retries=RETRIES, pure=False
                )
                for start in range(0, len(level), MERGED_AT_ONCE)
            ]
        for future in _distributed().as_completed(futures, loop=client.loop):
            if future.status != "finished":
                break  # the result below says what went wrong
            on_done(1)
        result: Sum = level[0].result()
        return result


def _distributed() -> Any:
    """Return Dask's library, loaded only where it is used."""
    import distributed

    return distributed


def _added(parts: Sequence[Sum]) -> Sum:
    return reduce(add, parts)
