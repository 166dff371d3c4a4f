"""Reading a rule set from JSON and refusing what does not add up."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from analytics.faults import N_
from analytics.json_node import Members, Node, read_document
from analytics.rules.rule_set import (
    LATER_CHECKS,
    METHOD_PARAMETERS,
    Action,
    ClassWeights,
    CompositeFloor,
    Conversion,
    Grade,
    Group,
    Item,
    Method,
    Option,
    RuleSet,
    SmallSamples,
    TieBreak,
    Validity,
    Vetoes,
)
from analytics.tally import BLANK

# Weights are percent, or shares of one: only their proportions enter a score.
WHOLES = (Decimal(100), Decimal(1))
# Columns of a ratings file, and parts of a unit's card, that an item's code would collide with.
RESERVED_COLUMNS = ("ballot", "group", "unit", "comment", "unknown")
DEFAULT_GRADES: tuple[Grade, ...] = (
    Grade("excellent", "优秀", Decimal(90), Decimal(30), "Excellent"),
    Grade("good", "良好", Decimal(80), None, "Good"),
    Grade("fair", "一般", Decimal(60), None, "Fair"),
    Grade("poor", "较差", Decimal(0), None, "Poor"),
)
_REQUIRED = ("version", "name", "options", "items", "groups")
_OPTIONAL = (
    "name_en",
    "full_marks",
    "rounding",
    "min_items_scored",
    "class_weights",
    "validity",
    "small_samples",
    "trim_percent",
    "conversion",
    "work_full_marks",
    "work_aspects",
    "adjustment_limit",
    "grades",
    "vetoes",
    "composite_floor",
    "ties",
    "publish_floor",
)
_PARAMETER_BOUNDS: Mapping[str, tuple[int, int]] = {
    "step_percent": (0, 100),
    "floor_percent": (0, 100),
    "centre": (0, 100),
    "spread": (0, 100),
    "min_deviation": (0, 100),
    "limit": (0, 10),
    "min_units": (2, 1000),
}

Read = TypeVar("Read")


def parse_rules(document: Mapping[str, Any] | str) -> RuleSet:
    """Return the rule set that a document holds; raise a RuleFault with the path of a fault."""
    root = read_document(document)
    found = root.members(_REQUIRED, _OPTIONAL)
    publish_floor = _or(found, "publish_floor", lambda node: node.count(1, 1000), 5)
    items = _items(found["items"])
    groups = _groups(found["groups"], publish_floor)
    grades = _or(found, "grades", _grades, DEFAULT_GRADES)
    return RuleSet(
        version=found["version"].count(1, 1_000_000),
        name=found["name"].words(),
        name_en=_or(found, "name_en", _optional_words, ""),
        full_marks=_or(found, "full_marks", lambda node: _positive(node, 1000), Decimal(30)),
        rounding=_or(found, "rounding", lambda node: node.count(0, 6), 2),
        options=_options(found["options"]),
        items=items,
        min_items_scored=_or(
            found, "min_items_scored", lambda node: node.count(1, len(items)), min(3, len(items))
        ),
        groups=groups,
        class_weights=_or(found, "class_weights", lambda node: _class_weights(node, groups), ()),
        validity=_or(found, "validity", _validity, Validity()),
        small_samples=_or(
            found, "small_samples", lambda node: node.choice(SmallSamples), SmallSamples.PAD
        ),
        trim_percent=_or(found, "trim_percent", _trim_percent, Decimal(0)),
        conversion=_or(found, "conversion", _conversion, Conversion()),
        work_full_marks=_or(
            found, "work_full_marks", lambda node: _positive(node, 1000), Decimal(70)
        ),
        work_aspects=_or(found, "work_aspects", _work_aspects, None),
        adjustment_limit=_or(
            found, "adjustment_limit", lambda node: node.number(0, 1000), Decimal(5)
        ),
        grades=grades,
        vetoes=_or(found, "vetoes", lambda node: _vetoes(node, grades), _default_vetoes(grades)),
        composite_floor=_or(
            found,
            "composite_floor",
            lambda node: _composite_floor(node, grades),
            CompositeFloor(Decimal(60), _at_most(grades, 2)),
        ),
        ties=_or(found, "ties", _ties, (TieBreak.SOCIAL, TieBreak.DIRECT)),
        publish_floor=publish_floor,
    )


def _or(found: Members, name: str, read: Callable[[Node], Read], default: Read) -> Read:
    return read(found[name]) if name in found else default


def _optional_words(node: Node) -> str:
    return node.words(required=False)


def _positive(node: Node, high: int) -> Decimal:
    number = node.number(0, high)
    if number == 0:
        node.refuse(N_("a number above 0 is expected here"))
    return number


def _unique(nodes: Iterable[Node]) -> None:
    seen = set()
    for node in nodes:
        if node.value in seen:
            node.refuse(N_("“%(code)s” stands here twice"), code=node.value)
        seen.add(node.value)


def _options(node: Node) -> tuple[Option, ...]:
    entries = [
        entry.members(("code", "words", "points"), ("words_en",))
        for entry in node.list(at_least=2, at_most=30)
    ]
    options = tuple(_option(entry) for entry in entries)
    _unique(entry["code"] for entry in entries)
    if sum(option.points is not None for option in options) < 2:
        node.refuse(N_("at least two options need points"))
    return options


def _option(entry: Members) -> Option:
    code = entry["code"].value
    if not isinstance(code, str) or len(code) != 1 or not "!" <= code <= "~" or code == BLANK:
        entry["code"].refuse(N_("an option's code is one printable ASCII character other than “-”"))
    points = entry["points"]
    return Option(
        code=code,
        words=entry["words"].words(),
        points=None if points.value is None else points.number(0, 100),
        words_en=_or(entry, "words_en", _optional_words, ""),
    )


def _items(node: Node) -> tuple[Item, ...]:
    entries = [
        entry.members(("code", "words", "weight"), ("words_en",))
        for entry in node.list(at_least=1, at_most=40)
    ]
    for entry in entries:
        if entry["code"].code() in RESERVED_COLUMNS:
            entry["code"].refuse(
                N_("“%(code)s” is the name of another column"), code=entry["code"].value
            )
    _unique(entry["code"] for entry in entries)
    return tuple(
        Item(
            code=entry["code"].code(),
            words=entry["words"].words(),
            weight=_positive(entry["weight"], 1000),
            words_en=_or(entry, "words_en", _optional_words, ""),
        )
        for entry in entries
    )


def _groups(node: Node, publish_floor: int) -> tuple[Group, ...]:
    entries = [
        entry.members(
            ("code", "words", "weight", "floor"),
            ("words_en", "min_return_share", "open_channel", "publish_floor"),
        )
        for entry in node.list(at_least=1, at_most=40)
    ]
    groups = tuple(_group(entry, publish_floor) for entry in entries)
    _unique(entry["code"] for entry in entries)
    _check_sum(node, [group.weight for group in groups])
    return groups


def _group(entry: Members, publish_floor: int) -> Group:
    return Group(
        code=entry["code"].code(),
        words=entry["words"].words(),
        weight=entry["weight"].number(0, 100),
        floor=entry["floor"].count(0, 1_000_000),
        words_en=_or(entry, "words_en", _optional_words, ""),
        min_return_share=_or(entry, "min_return_share", lambda node: node.number(0, 1), Decimal(0)),
        open_channel=_or(entry, "open_channel", Node.truth, default=True),
        publish_floor=_or(entry, "publish_floor", lambda node: node.count(1, 1000), publish_floor),
    )


def _check_sum(node: Node, weights: Iterable[Decimal]) -> None:
    total = sum(weights, Decimal(0))
    if total not in WHOLES:
        node.refuse(N_("the weights must add up to 100, not %(total)s"), total=str(total))


def _class_weights(node: Node, groups: tuple[Group, ...]) -> tuple[ClassWeights, ...]:
    known = {group.code for group in groups}
    classes = node.mapping()
    for unit_class, named in classes.items():
        Node(unit_class, named.path).code()
        for code, weight in named.mapping().items():
            if code not in known:
                weight.refuse(N_("the group “%(code)s” is not known"), code=code)
    read = tuple(
        ClassWeights(
            unit_class,
            tuple((code, weight.number(0, 100)) for code, weight in named.mapping().items()),
        )
        for unit_class, named in classes.items()
    )
    for weights in read:
        _check_sum(classes[weights.unit_class], (weight for _, weight in weights.weights))
    return read


def _validity(node: Node) -> Validity:
    found = node.members((), ("speed", "identical", "no_device", "coached", *LATER_CHECKS))
    default = Validity()
    speed = _check(found, "speed", "seconds_per_item")
    identical = _check(found, "identical", "units")
    return Validity(
        speed=_or(speed, "action", _action, default.speed),
        seconds_per_item=_or(
            speed, "seconds_per_item", lambda n: n.number(0, 600), default.seconds_per_item
        ),
        identical=_or(identical, "action", _action, default.identical),
        identical_units=_or(
            identical, "units", lambda n: n.count(2, 10_000), default.identical_units
        ),
        no_device=_or(_check(found, "no_device"), "action", _action, default.no_device),
        coached=_or(_check(found, "coached"), "action", _action, default.coached),
        no_proof=_or(_check(found, "no_proof"), "action", _action, default.no_proof),
        crowded=_or(_check(found, "crowded"), "action", _action, default.crowded),
    )


def _check(found: Members, name: str, *parameters: str) -> Members:
    return found[name].members(("action",), parameters) if name in found else {}


def _action(node: Node) -> Action:
    return node.choice(Action)


def _trim_percent(node: Node) -> Decimal:
    number = node.number(0, 50)
    if number == 50:
        node.refuse(N_("less than 50 percent can be left out at each end"))
    return number


def _conversion(node: Node) -> Conversion:
    names = node.mapping()
    if "method" not in names:
        node.at("method").refuse(N_("this is missing"))
    method = names["method"].choice(Method)
    found = node.members(("method",), METHOD_PARAMETERS[method])
    default = Conversion()
    parameters: dict[str, Any] = {}
    for name in METHOD_PARAMETERS[method]:
        if name in found:
            whole = isinstance(getattr(default, name), int)
            read = found[name].count if whole else found[name].number
            parameters[name] = read(*_PARAMETER_BOUNDS[name])
    if parameters.get("min_deviation") == 0:
        found["min_deviation"].refuse(N_("a number above 0 is expected here"))
    return Conversion(method=method, **parameters)


def _work_aspects(node: Node) -> tuple[str, ...] | None:
    if node.value is None:
        return None
    entries = node.list(at_least=1)
    aspects = tuple(entry.code() for entry in entries)
    _unique(entries)
    return aspects


def _grades(node: Node) -> tuple[Grade, ...]:
    entries = [
        entry.members(("code", "words", "threshold"), ("words_en", "share_percent"))
        for entry in node.list(at_least=2, at_most=10)
    ]
    grades = tuple(_grade(entry) for entry in entries)
    _unique(entry["code"] for entry in entries)
    for entry, better, grade in zip(entries[1:], grades, grades[1:], strict=False):
        if grade.threshold >= better.threshold:
            entry["threshold"].refuse(N_("grades go from the highest threshold to the lowest"))
        if grade.share_percent is not None:
            entry["share_percent"].refuse(N_("only the best grade can have a share"))
    if grades[-1].threshold != 0:
        entries[-1]["threshold"].refuse(N_("the lowest grade begins at 0"))
    return grades


def _grade(entry: Members) -> Grade:
    share = entry.get("share_percent")
    return Grade(
        code=entry["code"].code(),
        words=entry["words"].words(),
        threshold=entry["threshold"].number(0, 1000),
        share_percent=None if share is None or share.value is None else share.number(0, 100),
        words_en=_or(entry, "words_en", _optional_words, ""),
    )


def _at_most(grades: tuple[Grade, ...], place: int) -> str:
    return grades[min(place, len(grades) - 1)].code


def _default_vetoes(grades: tuple[Grade, ...]) -> Vetoes:
    return Vetoes(_at_most(grades, 1))


def _cap(node: Node, grades: tuple[Grade, ...]) -> str:
    if node.value not in [grade.code for grade in grades]:
        node.refuse(N_("the grade “%(code)s” is not known"), code=str(node.value))
    return str(node.value)


def _vetoes(node: Node, grades: tuple[Grade, ...]) -> Vetoes:
    return Vetoes(_cap(node.members(("cap",))["cap"], grades))


def _composite_floor(node: Node, grades: tuple[Grade, ...]) -> CompositeFloor:
    found = node.members(("below", "cap"))
    return CompositeFloor(found["below"].number(0, 100), _cap(found["cap"], grades))


def _ties(node: Node) -> tuple[TieBreak, ...]:
    entries = node.list(at_most=3)
    ties = tuple(entry.choice(TieBreak) for entry in entries)
    _unique(entries)
    return ties
