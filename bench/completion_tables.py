"""What the measuring of completed ballots is shown as: figures, ratios and goals."""

from typing import TYPE_CHECKING

from bench.figures import Figure, Goal, Part, Table, figure, percentile, ratio
from bench.machine import Quiet

if TYPE_CHECKING:
    from bench.completions import Candidate

# A whole completion of the bare shapes that the goals come from took 4.6 times (must) and 2.4 times
# (stretch) the CPU of a bare POST with a durable insert, whatever the machine.
MUST_POSTS, STRETCH_POSTS = 4.6, 2.4


def part_of(
    found: "list[Candidate]",
    checked: dict[str, dict[str, int]],
    syncs: list[Quiet],
    statements: dict[str, float],
) -> Part:
    """Return the part: what each server did, the ratios in the same rounds, the goals."""
    columns = (
        "server",
        "completions/s",
        "server CPU ms per completion",
        "database CPU ms",
        "median / p99 ms",
        "POST/s, kept connections",
        "CPU ms per POST",
        "CPU ms per GET",
        "memory MiB (PSS): all / a worker",
    )
    rows = tuple(
        (
            one.name,
            str(figure(one.rates("whole"))),
            str(figure(one.cpu["whole"])),
            str(figure(one.cpu["whole store"])) if one.postgresql else "–",
            f"{percentile(_times(one), 0.5):.1f} / {percentile(_times(one), 0.99):.1f}",
            str(figure(one.rates("posts"))),
            str(figure(one.cpu["posts"])),
            str(figure(one.cpu["gets"])),
            f"{one.pss:.0f} / {one.worker_pss:.0f}",
        )
        for one in found
    )
    by_name = {one.name: one for one in found}
    ratios, goals = _ratios(by_name)
    most = max(statements.values())
    goals += (Goal("SQL statements per completion", 4, 1, most, ""),)
    medians = figure([one.sync_ms_median for one in syncs])
    loads = figure([one.load_average for one in syncs])
    sync = f"{medians} ms, p99 {figure([one.sync_ms_p99 for one in syncs])}"
    notes = (
        f"A write of 4 KiB was on the disk after {sync} ms; load average {loads}.",
        "Client: CPU ms per completion "
        + str(figure([load.client_cpu_ms / max(1, load.done) for load in found[0].whole]))
        + ".",
        "SQL statements per completion, BEGIN apart, at concurrency 16: "
        + ", ".join(f"{name} {count:.2f}" for name, count in statements.items())
        + ".",
        *(
            f"{name}: {count['acknowledged']:,} acknowledged, {count['stored']:,} stored."
            for name, count in checked.items()
        ),
    )
    raw = {
        one.name: {
            "completions_per_second": one.rates("whole"),
            "posts_per_second": one.rates("posts"),
            "gets_per_second": one.rates("gets"),
            "cpu_ms": one.cpu,
            "faults": [dict(load.faults) for load in one.whole],
            "pss_mib": one.pss,
            "database_cpu_ms": one.cpu["whole store"],
        }
        for one in found
    }
    return Part(
        "completions", (Table("Completed ballots", columns, rows, notes), ratios), goals, raw
    )


def _times(one: "Candidate") -> list[float]:
    return [value for load in one.whole for value in load.whole]


def _ratios(found: "dict[str, Candidate]") -> tuple[Table, tuple[Goal, ...]]:
    full, normal = found["product, SQLite FULL"], found["product, SQLite NORMAL"]
    bare = [found["bare, a commit each, SQLite"], found["bare, group commit, SQLite"]]
    faster = max(bare, key=lambda one: figure(one.rates("posts")).median)
    lines: list[tuple[str, Figure, Figure]] = [
        (
            f"POST/s of the product against {one.name}",
            ratio(full.rates("posts"), one.rates("posts")),
            ratio(one.cpu["posts"], full.cpu["posts"]),
        )
        for one in bare
    ]
    lines.append(
        (
            "completions/s, FULL against NORMAL",
            ratio(full.rates("whole"), normal.rates("whole")),
            ratio(normal.cpu["whole"], full.cpu["whole"]),
        )
    )
    for workers in ("1 worker", "2 workers"):
        ours = found.get(f"product, PostgreSQL, {workers}")
        theirs = found.get(f"bare, PostgreSQL, {workers}")
        if ours and theirs:
            lines.append(
                (
                    f"POST/s of the product against bare, PostgreSQL, {workers}",
                    ratio(ours.rates("posts"), theirs.rates("posts")),
                    ratio(_with_store(theirs), _with_store(ours)),
                )
            )
    goals = (
        Goal("server CPU per completion", 1.5, 0.78, figure(full.cpu["whole"]).median, "ms"),
        Goal(
            "the same in bare POSTs (group commit) of this run",
            MUST_POSTS,
            STRETCH_POSTS,
            ratio(full.cpu["whole"], bare[1].cpu["posts"]).median,
            "×",
        ),
        Goal(
            "POST/s against the faster bare server (SQLite)",
            0.70,
            0.85,
            ratio(full.rates("posts"), faster.rates("posts")).median,
            "×",
            smaller=False,
        ),
        Goal("FULL against NORMAL, end to end", 0.70, 0.85, lines[2][1].median, "×", smaller=False),
        Goal("p99 of a completion at concurrency 16", 60, 25, percentile(_times(full), 0.99), "ms"),
        Goal("memory of the embedded service (PSS)", 120, 80, full.pss, "MiB"),
    )
    rows = tuple((words, str(rate), str(cpu)) for words, rate, cpu in lines)
    return Table("Ratios, round by round", ("what", "by rate", "by CPU"), rows), goals


def _with_store(one: "Candidate") -> list[float]:
    """Return CPU per POST of server and database together."""
    return [a + b for a, b in zip(one.cpu["posts"], one.cpu["posts store"], strict=True)]
