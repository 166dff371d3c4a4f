"""`python -m bench PART…`: measure, write JSON, and put the tables into docs/performance.md."""

import signal
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import click

from bench.report import keep, show

PARTS = ("completions", "writer", "storms", "recount", "others", "phone", "statistics")


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
@click.option("--quick", is_flag=True, help="A minute or two per part, for looking.")
@click.option("--keep/--no-keep", "is_kept", default=False, help="Write results and the page.")
@click.option("--only-sqlite", is_flag=True, help="Without PostgreSQL.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where databases are made.")
def main(
    parts: tuple[str, ...], quick: bool, is_kept: bool, only_sqlite: bool, folder: Path | None
) -> None:
    """Measure the PARTS (default: all)."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped
    for name in parts or PARTS:
        module = import_module(f"bench.{name}")
        with tempfile.TemporaryDirectory(prefix="pingyi-bench-", dir=folder) as place:
            click.echo(f"{name}:")
            part = module.run(module.QUICK if quick else module.FULL, Path(place), not only_sqlite)
        show(part)
        if is_kept:
            keep(part, is_quick=quick)


if __name__ == "__main__":
    main()
