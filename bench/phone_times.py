"""What a cheap phone needs: to load a page, to show a tap, to scroll; beside a bare page."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from bench.figures import percentile
from bench.phone_browser import Network, Phone, phone

PROBE = Path(__file__).with_name("phone_probe.js")
FRAME_MS = 1000 / 60
MOST_FRAMES = 400
REST_MS = 500
USED = "() => window.bench.usable !== undefined"


@dataclass(frozen=True)
class Load:
    """One first load: milliseconds from the address, and what went over the network."""

    paint_ms: float
    content_ms: float
    usable_ms: float
    blocked_ms: float
    bytes: int
    requests: int


@dataclass(frozen=True)
class Taps:
    """Milliseconds of several taps: until scripts are done, and until the change is painted."""

    work: tuple[float, ...]
    seen: tuple[float, ...]

    @property
    def work_median(self) -> float:
        """Return the usual time in scripts."""
        return percentile(self.work, 0.5)

    @property
    def seen_median(self) -> float:
        """Return the usual time until the change is painted."""
        return percentile(self.seen, 0.5)

    @property
    def seen_p95(self) -> float:
        """Return the time that one tap in twenty exceeds."""
        return percentile(self.seen, 0.95)


@dataclass(frozen=True)
class Scroll:
    """One way through the whole page: milliseconds between frames, and the long tasks meanwhile."""

    gaps: tuple[float, ...]
    long: tuple[float, ...]


def first_load(of: Browser, url: str, network: Network) -> Load:
    """Load a page with nothing kept, on a slow phone and a slow network."""
    with phone(of, PROBE) as held:
        held.join(network)
        held.slow_down()
        sizes: dict[str, int] = {}
        held.line.on("Network.loadingFinished", lambda event: _note(sizes, event))
        held.page.goto(url)
        held.page.wait_for_function(USED)
        found = held.run("() => bench.load()")
        return Load(
            found["paint"],
            found["content"],
            found["usable"],
            found["blocked"],
            sum(sizes.values()),
            len(sizes),
        )


def taps_on(of: Browser, url: str, count: int, prepare: Callable[[Phone], None]) -> Taps:
    """Choose options all over a page and see when each is painted."""
    with _opened(of, url, prepare) as held:
        return taps_of(held.run("([count]) => bench.taps(count)", count))


def walk_through(of: Browser, url: str, cards: int) -> tuple[Taps, Taps]:
    """Rate card after card; return the taps, and the turns to the next card."""
    with _opened(of, url, as_it_is) as held:
        found = held.run("([cards]) => bench.walk(cards)", cards)
        return taps_of(found["taps"]), taps_of(found["turns"])


def scroll_through(of: Browser, url: str, prepare: Callable[[Phone], None]) -> Scroll:
    """Scroll through a whole page."""
    with _opened(of, url, prepare) as held:
        found = held.run("([most]) => bench.scroll(most)", MOST_FRAMES)
        return Scroll(tuple(found["gaps"]), tuple(found["long"]))


def as_it_is(_held: Phone) -> None:
    """Leave the page as it opens."""


def as_a_list(held: Phone) -> None:
    """Have all cards of a form listed."""
    held.run("() => document.querySelector('.arrange').click()")


def taps_of(found: Sequence[dict[str, float]]) -> Taps:
    """Return taps as the page has noted them."""
    return Taps(tuple(one["work"] for one in found), tuple(one["seen"] for one in found))


def frames(milliseconds: float) -> float:
    """Return a time in frames of a screen that shows sixty a second."""
    return milliseconds / FRAME_MS


@contextmanager
def _opened(of: Browser, url: str, prepare: Callable[[Phone], None]) -> Iterator[Phone]:
    """Open a page on a slow phone and let it come to rest."""
    with phone(of, PROBE) as held:
        held.page.goto(url)
        held.page.wait_for_function(USED)
        prepare(held)
        held.page.wait_for_timeout(REST_MS)
        held.slow_down()
        yield held


def _note(sizes: dict[str, int], event: Any) -> None:
    sizes[event["requestId"]] = int(event["encodedDataLength"])
