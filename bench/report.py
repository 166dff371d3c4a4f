"""Results as JSON by date, and as tables in docs/performance.md."""

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bench.figures import Goal, Part, Table, spoken
from bench.machine import machine

FOLDER = Path(__file__).parent / "results"
PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


def show(part: Part) -> None:
    """Print the tables of a part."""
    for table in part.tables:
        click.echo(f"\n{_table(table)}")
    if part.goals:
        click.echo(f"\n{_goals(part.goals)}\n")


def keep(part: Part, is_quick: bool, folder: Path = FOLDER, page: Path = PAGE) -> None:
    """Write a part into today's results and between its marks on the page."""
    folder.mkdir(exist_ok=True)
    moment = datetime.now(UTC)
    path = folder / f"{moment:%Y-%m-%d}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    found["machine"] = asdict(machine())
    sizes = "quick" if is_quick else "full"
    found.setdefault("parts", {})[part.name] = {
        "measured_at": f"{moment:%Y-%m-%dT%H:%MZ}",
        "sizes": sizes,
        **part.document(),
    }
    path.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    head = f"Measured {moment:%Y-%m-%d %H:%M} UTC, {sizes} sizes.\n"
    body = "\n".join(_table(table) for table in part.tables)
    goals = f"\n{_goals(part.goals)}" if part.goals else ""
    _put(page, part.name, f"{head}\n{body}{goals}")
    _put(page, "machine", _machine())


def _put(page: Path, name: str, words: str) -> None:
    """Replace what stands between two marks of the page."""
    text = page.read_text(encoding="utf-8")
    marks = re.compile(f"(<!-- {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
    page.write_text(marks.sub(lambda m: f"{m[1]}{words}{m[2]}", text), encoding="utf-8")


def _table(table: Table) -> str:
    lines = [
        f"**{table.title}**\n",
        "| " + " | ".join(table.columns) + " |",
        "|" + "---|" * len(table.columns),
        *("| " + " | ".join(row) + " |" for row in table.rows),
    ]
    notes = [f"\n- {note}" if not index else f"- {note}" for index, note in enumerate(table.notes)]
    return "\n".join([*lines, *notes]) + "\n"


def _goals(goals: tuple[Goal, ...]) -> str:
    rows = tuple(
        (
            goal.name,
            f"{sign} {goal.must:g}",
            f"{goal.stretch:g}",
            f"{spoken(goal.reached)} {goal.unit}",
            goal.verdict,
        )
        for goal in goals
        for sign in ("≤" if goal.smaller else "≥",)
    )
    return _table(Table("Goals", ("goal", "must", "stretch", "reached", "verdict"), rows))


def _machine() -> str:
    found = machine()
    packages = ", ".join(f"{name} {number}" for name, number in found.packages.items())
    return (
        f"{found.cores} cores of {found.cpu}, {found.memory_gib} GiB, {found.system},"
        f" Python {found.python}, SQLite {found.sqlite}, {packages}.\n"
    )
