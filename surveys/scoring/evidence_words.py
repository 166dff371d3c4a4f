"""Words for what statistics found, in the page's language and without terms of statistics."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from flask_babel import gettext

from analytics.evidence.result import DriverCell, GroupEvidence, OtherChoice
from analytics.faults import N_
from surveys.scoring import words
from surveys.scoring.run import RunView
from surveys.web import day, named

SEVERITY: Mapping[str, str] = {
    "too_few": N_("Too few ratings to tell strict appraisers from chance."),
    "no_effect_by_design": N_(
        "Everybody rated every unit, so strict appraisers were strict to all: ranks cannot change."
    ),
    "not_connected": N_(
        "Some units share no appraiser with the others, so strictness cannot be compared across"
        " them; only units of the same part are compared."
    ),
    "no_difference_seen": N_("No difference between strict and lenient appraisers was seen."),
    "fitted": N_("Appraisers differ; the figures say what that may change."),
}

FAMILIES: Mapping[str, str] = {
    "answers": N_("The answers of one ballot"),
    "outlying": N_("Unlike all others"),
    "speed": N_("The time it took"),
    "copies": N_("Copies"),
    "burst": N_("Many at once"),
    "place": N_("Entrances"),
    "bloc": N_("Voting as a bloc"),
}

REASONS: Mapping[str, str] = {
    "straight": N_("the same level throughout a long ballot"),
    "erratic": N_("answers about one unit that contradict each other far more than others' do"),
    "outlying": N_("far from what the group says of the unit, all items together"),
    "hasty": N_("less time than reading takes"),
    "faster": N_("far less time than the group takes"),
    "copied_answers": N_("the very same varied answers as several other ballots"),
    "copied_text": N_("the same or nearly the same comment as other ballots"),
    "unit_burst": N_("part of a sudden rush of ballots about one unit"),
    "group_burst": N_("part of a sudden rush of ballots of one group"),
    "place_burst": N_("part of a sudden rush of ballots at one entrance"),
    "overfull": N_("from an entrance with more ballots than people"),
    "turnout": N_("from an entrance with far more ballots per head than others"),
    "favoured": N_("the best for one unit and the worst for its rivals"),
    "one_sided": N_("part of a crowd that judges the unit unlike its other appraisers"),
}

# Who honest could look like that: nobody is accused by a statistic.
LOOK_ALIKES: Mapping[str, str] = {
    "straight": N_("Satisfied people often mark the same level; about 1 honest ballot in 18 does."),
    "erratic": N_("Somebody with one very good and one very bad experience."),
    "outlying": N_("A rare but true opinion, or somebody who knows two items well."),
    "hasty": N_("Somebody who types in what stands on paper, or a window that reads aloud."),
    "faster": N_("Young people on a fast phone, and who fills in the form a second time."),
    "copied_answers": N_(
        "A household or an office that filled it in together; a helper of old people."
    ),
    "copied_text": N_("Many with the same true grievance, or a text offered as an example."),
    "unit_burst": N_("An open day, a full waiting hall, a report in the news."),
    "group_burst": N_("A reminder sent to the whole group, or deputies in one sitting."),
    "place_burst": N_("A busy day at the service hall, or a meeting at which the code was shown."),
    "overfull": N_("People from elsewhere, or a number of people that is out of date."),
    "turnout": N_("Keen staff who asked every visitor."),
    "favoured": N_("The unit's own employees and their families, who may vote."),
    "one_sided": N_("People who came for that very reason, such as a street that was dug up."),
}

OBSTACLES: Mapping[str, str] = {
    "no_times": N_("only where ballots carry a time"),
    "no_texts": N_("only where there are comments"),
    "no_bases": N_("only where somebody typed how many people come to an entrance"),
    "no_rivals": N_("only where ballots rate rivals of the unit as well"),
    "no_crowds": N_("only where there are crowds of ballots to compare"),
    "short_forms": N_("only where ballots are long enough"),
    "few_peers": N_("only where there are enough ballots to compare with"),
    "few_days": N_("only where there are enough days to know what is usual"),
    "few_places": N_("only where there are enough entrances to compare"),
    "custom": N_("so many ballots do this that it proves nothing here"),
}

QUADRANTS: Mapping[str, str] = {
    "keep_up": N_("keep it up"),
    "concentrate_here": N_("work on this first"),
    "low_priority": N_("can wait"),
    "possible_overkill": N_("good enough already"),
    "unclear": N_("too close to tell"),
}

CHANGES: Mapping[str, str] = {
    "up": N_("up"),
    "down": N_("down"),
    "not_told_apart": N_("no clear change"),
}

INCOMPARABLE: Mapping[str, str] = {
    "levels_changed": N_("The levels or their points were changed."),
    "items_changed": N_("The items, their weights or how many must be answered were changed."),
    "groups_changed": N_("The groups or their weights were changed."),
    "conversion_changed": N_(
        "The conversion was changed; this comparison uses direct scores, which it does not touch."
    ),
    "full_marks_changed": N_("The full marks were changed."),
    "small_samples_changed": N_("What is done with small samples was changed."),
    "trimming_changed": N_("How many extreme ballots are left out was changed."),
    "words_changed": N_("The wording of levels or items was changed."),
}

POPULATION_OBSTACLES: Mapping[str, str] = {
    "few": N_("Too few ballots say what kind of person filled them in (at least 30 are needed)."),
    "no_ballots": N_("The table counts people of a kind that no ballot is of:"),
    "no_people": N_("There are ballots of a kind that has no people in the table:"),
    "totals": N_("Two questions of the table do not add up to the same number of people:"),
    "no_convergence": N_("No weights were found that fit all figures of the table at once."),
}

CONVERSIONS: Mapping[str, str] = {"rounded": N_("direct, rounded before ranking")}
POINTS: Mapping[str, str] = {
    "equal_steps": N_("equal steps from 100 to 0"),
    "top_box": N_("100 for the best level, 0 for all others"),
}

_TABLES = (
    SEVERITY,
    FAMILIES,
    REASONS,
    OBSTACLES,
    QUADRANTS,
    CHANGES,
    INCOMPARABLE,
)

# Lower ends of bands, the highest first; below the last one the words under None hold.
ITEMS_AGREE = (
    (0.95, N_("almost as one; perhaps only one overall impression")),
    (0.8, N_("very well")),
    (0.7, N_("well enough")),
    (0.5, N_("only partly")),
    (None, N_("hardly")),
)
ALIKE_AGAIN = (
    (0.9, N_("yes, very much")),
    (0.7, N_("yes, by and large")),
    (0.5, N_("only roughly")),
    (None, N_("no, that would be chance")),
)
GROUPS_AGREE = (
    (0.7, N_("largely agree")),
    (0.5, N_("agree in part")),
    (0.3, N_("agree little")),
    (None, N_("hardly agree")),
)
Bands = tuple[tuple[float | None, str], ...]
_ALMOST = 0.005
_LIKE_THE_FLOOR = 2.0  # times: closer than that, floor and ballots ask for about the same


def said(code: str | None, table: Mapping[str, str] | None = None) -> str:
    """Return the words of a code, from one table or wherever it stands."""
    if code is None:
        return "–"
    found = next((one[code] for one in ((table,) if table else _TABLES) if code in one), None)
    return code if found is None else str(gettext(found))


def reason(code: str) -> str:
    """Return why a ballot is doubted."""
    return said(code, REASONS)


def look_alike(code: str) -> str:
    """Return who honest could look like that."""
    return said(code, LOOK_ALIKES) if code in LOOK_ALIKES else ""


def family(code: str) -> str:
    """Return a kind of evidence."""
    return said(code, FAMILIES)


def population_obstacle(code: str) -> str:
    """Return why ballots could not be weighted."""
    return said(code, POPULATION_OBSTACLES)


def band(value: float | None, bands: Bands) -> str:
    """Return the words of the first band that a figure reaches, a dash where nobody can tell."""
    if value is None:
        return "–"
    return str(gettext(next(text for low, text in bands if low is None or value >= low)))


def items_agree(alpha: float | None) -> str:
    """Return how well the items of a ballot go together."""
    return band(alpha, ITEMS_AGREE)


def alike_again(share: float | None) -> str:
    """Return whether other people of a group would have ranked the units alike."""
    return band(share, ALIKE_AGAIN)


def groups_agree(concordance: float | None) -> str:
    """Return how far the groups of a class agree on its order."""
    return band(concordance, GROUPS_AGREE)


def chance(probability: float) -> str:
    """Return a probability as so many in ten."""
    tenths = round(probability * 10)
    if probability >= 1 - _ALMOST:
        return str(gettext("almost certain"))
    if probability < _ALMOST:
        return str(gettext("hardly possible"))
    if tenths == 0:
        return str(gettext("less than 1 in 10"))
    if tenths == 10:
        return str(gettext("more than 9 in 10"))
    return str(gettext("about %(tenths)s in 10", tenths=tenths))


def floor_against_ballots(group: GroupEvidence) -> str:
    """Return whether the floor pads as strongly as the ballots ask for."""
    if group.strength is None:
        return str(gettext("cannot be told"))
    if group.floor > _LIKE_THE_FLOOR * group.strength:
        return str(gettext("the floor draws more strongly to the class than the ballots ask for"))
    if group.strength > _LIKE_THE_FLOOR * max(group.floor, 1):
        return str(gettext("the ballots would bear a higher floor"))
    return str(gettext("the floor fits"))


def choice(run: RunView, found: OtherChoice) -> str:
    """Return what another choice would be."""
    if found.kind == "without_group":
        return str(gettext("without %(group)s", group=group_name(run, found.name)))
    if found.kind == "padding":
        return str(gettext("small samples left as they are"))
    if found.kind == "points":
        return str(gettext("points of levels: %(points)s", points=said(found.name, POINTS)))
    name = said(found.name, CONVERSIONS) if found.name in CONVERSIONS else words.said(found.name)
    return str(gettext("conversion: %(method)s", method=name))


def group_name(run: RunView, code: str) -> str:
    """Return a group's name; one that took no part has the words of its rule."""
    group = run.summary.group(code)
    return named(run.rules.group(code), "words") if group is None else named(group)


def item_name(run: RunView, code: str) -> str:
    """Return the words of an item."""
    item = next((one for one in run.rules.items if one.code == code), None)
    return code if item is None else named(item, "words")


def item_names(run: RunView, cells: Iterable[DriverCell]) -> str:
    """Return the words of some items as one text."""
    return listed(item_name(run, cell.item) for cell in cells)


def work_on_first(run: RunView, cells: Sequence[DriverCell]) -> str:
    """Return which items clearly are the first to work on, or that nobody can tell."""
    first = [cell for cell in cells if cell.quadrant == "concentrate_here"]
    if first:
        return str(gettext("Work on first: %(items)s", items=item_names(run, first)))
    if any(cell.quadrant in {None, "unclear"} for cell in cells):
        return str(gettext("Which item to work on first, these ballots cannot tell"))
    return str(gettext("No item stands out as the first to work on"))


def listed(names: Iterable[str]) -> str:
    """Return names as one text."""
    return str(gettext(", ")).join(names)


def day_of(days: float) -> str:
    """Return the day that ballots count from the year 1, in words."""
    return day(date.fromordinal(int(days)))
