"""What was measured on the phone, as tables and goals."""

from collections.abc import Callable, Sequence

from bench.figures import Goal, Table, figure, percentile, ratio, spoken
from bench.phone_browser import NETWORKS, SLOWER, Network
from bench.phone_rounds import ITEMS, MANY
from bench.phone_times import Load, Scroll, Taps, frames


def count_table(counts: dict[str, int], units: int) -> Table:
    """Return the taps that each way takes, beside the least that its answers need."""
    every = units * ITEMS
    rows = (
        ("a citizen: one unit of the list, one question", "citizen", ITEMS + 1 + 1),
        ("a citizen at a window, one question", "window", ITEMS + 1 + 1),
        (f"a deputy: {units} units, card by card", "card by card", every + 1),
        (f"a deputy: {units} units in the list", "list", every + 1),
        (f"a deputy: {units} units on a keyboard, keys pressed", "keys", every + 1),
    )
    cells = tuple(
        (words, f"{counts[name]}", f"{least}", f"{counts[name] / least:.2f}")
        for words, name, least in rows
    )
    notes = (
        "Counted while ballots were handed in. Least: one for each answer, and one to hand in.",
        "A page's own one-time code is in its address; scrolling is not counted.",
    )
    return Table("Taps to finish", ("who", "taps", "least", "ratio"), cells, notes)


def load_table(loads: dict[tuple[str, str], list[Load]]) -> Table:
    """Return each page's first load, and what it takes above the bare page of the same round."""
    rows = tuple(
        (
            name,
            network,
            spoken(all_[0].bytes / 1000),
            f"{all_[0].requests}",
            *(str(figure([read(one) for one in all_])) for read in _TIMES),
            f"{ratio([one.usable_ms for one in all_], [one.usable_ms for one in bare]).median:.2f}",
        )
        for (name, network), all_ in loads.items()
        for bare in (loads["bare", network],)
    )
    columns = (
        "page",
        "network",
        "kB",
        "requests",
        "first paint ms",
        "content ms",
        "first tap seen ms",
    )
    notes = (f"Nothing kept from before, processor {SLOWER} times slower; {_networks(NETWORKS)}.",)
    title = "First load"
    return Table(title, (*columns, "blocked ms", "first tap against bare"), rows, notes)


_TIMES: tuple[Callable[[Load], float], ...] = (
    lambda load: load.paint_ms,
    lambda load: load.content_ms,
    lambda load: load.usable_ms,
    lambda load: load.blocked_ms,
)


def _networks(networks: Sequence[Network]) -> str:
    return "; ".join(
        f"{one.name}: {one.down / 1000:,.0f} kbit/s, {one.latency_ms} ms there and back"
        for one in networks
    )


def tap_table(taps: dict[str, list[Taps]]) -> Table:
    """Return how long a tap takes to be seen on a form of many units."""
    words = {
        "list": f"an option, {MANY} cards in one list",
        "card": "an option, one card at a time",
        "turn": "on to the next card",
        "bare": f"an option, bare page of {MANY} units",
    }
    rows = tuple(
        (
            words[name],
            str(figure([one.work_median for one in all_])),
            str(figure([one.seen_median for one in all_])),
            str(figure([one.seen_p95 for one in all_])),
            spoken(frames(figure([one.seen_median for one in all_]).median)),
            str(ratio([one.seen_median for one in all_], _medians(taps["bare"]))),
        )
        for name, all_ in taps.items()
    )
    columns = ("what", "in scripts ms", "until painted ms", "p95 ms", "frames", "against bare")
    note = (
        f"Processor {SLOWER} times slower. Painted means two frames on: on an idle page that alone"
        " takes between one and two frames of 16.7 ms."
    )
    return Table(f"A tap, {MANY} units × {ITEMS} items", columns, rows, (note,))


def _medians(all_: Sequence[Taps]) -> list[float]:
    return [one.seen_median for one in all_]


def scroll_table(scrolls: dict[str, list[Scroll]]) -> Table:
    """Return what scrolling through many units costs, half a window each frame."""
    rows = tuple(
        (
            {"list": "all cards listed", "bare": "bare page"}[name],
            f"{len(all_[0].gaps)}",
            str(figure([percentile(one.gaps, 0.5) for one in all_])),
            str(figure([percentile(one.gaps, 0.95) for one in all_])),
            str(figure([float(len(one.long)) for one in all_])),
            str(figure([max(one.long, default=0.0) for one in all_])),
        )
        for name, all_ in scrolls.items()
    )
    columns = ("page", "frames", "ms a frame", "p95 ms", "tasks over 50 ms", "longest ms")
    note = f"Processor {SLOWER} times slower; half a window each frame is faster than a thumb."
    return Table(f"Scrolling through {MANY} units", columns, rows, (note,))


def goals(
    counts: dict[str, int],
    loads: dict[tuple[str, str], list[Load]],
    taps: dict[str, list[Taps]],
    units: int,
) -> tuple[Goal, ...]:
    """Return where the phone stands."""
    every = units * ITEMS + 1
    slow = loads["citizen", NETWORKS[0].name]
    work = percentile([one for all_ in taps["list"] for one in all_.work], 0.95)
    return (
        Goal("taps of a citizen for one unit", 8, 7, counts["citizen"], ""),
        Goal(
            "taps of a deputy card by card, against the least",
            1.25,
            1.1,
            counts["card by card"] / every,
            "×",
        ),
        Goal("first load of a citizen's page", 50, 30, slow[0].bytes / 1000, "kB"),
        Goal("scripts of a tap among 140 units, p95", 16.7, 8, work, "ms"),
    )
