"""The phone: taps to finish, first load, a tap's way to the screen, scrolling; with a bare page."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from playwright.sync_api import Browser

from bench import phone_taps, servers
from bench.figures import Part
from bench.phone_browser import NETWORKS, browser
from bench.phone_rounds import MANY, Entrances, open_entrances
from bench.phone_tables import count_table, goals, load_table, scroll_table, tap_table
from bench.phone_times import (
    Load,
    Scroll,
    Taps,
    as_a_list,
    as_it_is,
    first_load,
    scroll_through,
    taps_on,
    walk_through,
)

BARE = "bench.bare_page:create_page"


@dataclass(frozen=True)
class Sizes:
    """How often everything is measured, and how many taps and cards each time."""

    rounds: int
    taps: int
    cards: int


QUICK, FULL = Sizes(3, 30, 8), Sizes(7, 60, 20)


@dataclass(frozen=True)
class Ground:
    """What is measured: a browser, the product and the bare server, and the product's entrances."""

    browser: Browser
    product: str
    bare: str
    entrances: Entrances


def run(sizes: Sizes, folder: Path, _has_postgresql: bool = True) -> Part:
    """Measure each beside the bare page, round by round."""
    url = f"sqlite:///{folder / 'phone.db'}"
    entrances = open_entrances(url)
    with (
        servers.product("product", folder / "var", url) as product,
        servers.alike("bare", product, BARE, folder / "bare", {}) as bare,
        browser() as started,
    ):
        at, bare_at = (f"http://127.0.0.1:{one.port}" for one in (product, bare))
        ground = Ground(started, at, bare_at, entrances)
        counts = _counts(ground)
        loads = _loads(ground, sizes)
        taps, scrolls = _taps(ground, sizes), _scrolls(ground, sizes)
    tables = (
        count_table(counts, entrances.units),
        load_table(loads),
        tap_table(taps),
        scroll_table(scrolls),
    )
    raw = {
        "counts": counts,
        "loads": {" on ".join(key): [asdict(one) for one in all_] for key, all_ in loads.items()},
        "taps": {name: [asdict(one) for one in all_] for name, all_ in taps.items()},
        "scrolls": {name: [asdict(one) for one in all_] for name, all_ in scrolls.items()},
    }
    return Part("phone", tables, goals(counts, loads, taps, entrances.units), raw)


# --- what is measured ----------------------------------------------------------------------------


def _counts(ground: Ground) -> dict[str, int]:
    """Hand five ballots in, by touch and by keyboard."""
    entrances = ground.entrances
    secret = [f"{ground.product}{entrances.deputies}#{code}" for code in entrances.codes]
    ways: dict[str, tuple[Callable[[Browser, str], int], str]] = {
        "citizen": (phone_taps.taps_of_citizen, f"{ground.product}{entrances.citizens}"),
        "window": (phone_taps.taps_at_window, f"{ground.product}{entrances.window}"),
        "card by card": (phone_taps.taps_card_by_card, secret[0]),
        "list": (phone_taps.taps_in_list, secret[1]),
        "keys": (phone_taps.keys_of_deputy, secret[2]),
    }
    found = {}
    for name, (count, url) in ways.items():
        found[name] = count(ground.browser, url)
        click.echo(f"  {name}: {found[name]}")
    return found


def _loads(ground: Ground, sizes: Sizes) -> dict[tuple[str, str], list[Load]]:
    """Load each page on each network, one after the other in every round."""
    entrances = ground.entrances
    pages = {
        "citizen": f"{ground.product}{entrances.citizens}",
        "window": f"{ground.product}{entrances.window}",
        "deputy": f"{ground.product}{entrances.deputies}",
        "bare": f"{ground.bare}/bare/{entrances.units}",
    }
    found: dict[tuple[str, str], list[Load]] = {}
    for _round in range(sizes.rounds):
        for network in NETWORKS:
            for name, url in pages.items():
                load = first_load(ground.browser, url, network)
                found.setdefault((name, network.name), []).append(load)
    click.echo(f"  {sum(map(len, found.values()))} loads")
    return found


def _taps(ground: Ground, sizes: Sizes) -> dict[str, list[Taps]]:
    many, bare = f"{ground.product}{ground.entrances.many}", f"{ground.bare}/bare/{MANY}"
    found: dict[str, list[Taps]] = {"list": [], "card": [], "turn": [], "bare": []}
    for _round in range(sizes.rounds):
        found["bare"].append(taps_on(ground.browser, bare, sizes.taps, as_it_is))
        found["list"].append(taps_on(ground.browser, many, sizes.taps, as_a_list))
        cards, turns = walk_through(ground.browser, many, sizes.cards)
        found["card"].append(cards)
        found["turn"].append(turns)
    click.echo(f"  {sum(len(one.seen) for all_ in found.values() for one in all_)} taps")
    return found


def _scrolls(ground: Ground, sizes: Sizes) -> dict[str, list[Scroll]]:
    many, bare = f"{ground.product}{ground.entrances.many}", f"{ground.bare}/bare/{MANY}"
    found: dict[str, list[Scroll]] = {"list": [], "bare": []}
    for _round in range(sizes.rounds):
        found["bare"].append(scroll_through(ground.browser, bare, as_it_is))
        found["list"].append(scroll_through(ground.browser, many, as_a_list))
    return found
