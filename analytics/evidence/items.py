"""Which items go with the overall answer, and how a unit or a class does on each."""

from collections.abc import Sequence

from analytics.drivers.report import Drivers, Quadrant
from analytics.evidence.result import DriverCell
from analytics.plain_figures import known
from analytics.shapes import Floats


def unit_items(found: Drivers | None, unit: int) -> tuple[DriverCell, ...]:
    """Return the items of the unit of a number."""
    if found is None:
        return ()
    return _cells(
        found.items,
        found.shares[unit],
        found.share_se[unit],
        found.performance[unit],
        found.performance_se[unit],
        found.quadrants[unit],
    )


def class_items(found: Drivers | None, number: int) -> tuple[DriverCell, ...]:
    """Return the items of the class of a number."""
    if found is None:
        return ()
    return _cells(
        found.items,
        found.of_classes.shares[number],
        found.of_classes.share_se[number],
        found.class_performance[number],
        found.class_performance_se[number],
        found.class_quadrants[number],
    )


def _cells(
    items: Sequence[str],
    shares: Floats,
    share_se: Floats,
    performance: Floats,
    performance_se: Floats,
    quadrants: Sequence[Quadrant | None],
) -> tuple[DriverCell, ...]:
    return tuple(
        DriverCell(
            item=item,
            importance=known(shares[j]),
            share_se=known(share_se[j]),
            performance=known(performance[j]),
            performance_se=known(performance_se[j]),
            quadrant=None if (quadrant := quadrants[j]) is None else quadrant.value,
        )
        for j, item in enumerate(items)
    )
