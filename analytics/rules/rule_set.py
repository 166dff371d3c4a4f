"""The rule set: everything that turns ballots into scores, as one immutable value."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any


class SmallSamples(StrEnum):
    """What is done where a group gave a unit too few ballots."""

    PAD = "pad"
    NONE = "none"
    SHRINK = "shrink"


class Method(StrEnum):
    """How a composite of 0 to 100 becomes a social score of 0 to full marks."""

    DIRECT = "direct"
    RATIO = "ratio"
    RANK = "rank"
    STANDARD = "standard"


class Action(StrEnum):
    """What a check of validity does with a ballot that it finds."""

    IGNORE = "ignore"
    FLAG = "flag"
    EXCLUDE = "exclude"


class TieBreak(StrEnum):
    """A figure that decides between equal totals at the last place of the best grade."""

    SOCIAL = "social"
    DIRECT = "direct"
    WORK = "work"


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that can be given; without points it is not scored."""

    code: str
    words: str
    points: Decimal | None
    words_en: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is rated."""

    code: str
    words: str
    weight: Decimal
    words_en: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """One kind of appraiser; `floor` is the number of ballots from which a mean stands alone."""

    code: str
    words: str
    weight: Decimal
    floor: int
    words_en: str = ""
    min_return_share: Decimal = Decimal(0)
    open_channel: bool = True
    publish_floor: int = 5


@dataclass(frozen=True, slots=True)
class ClassWeights:
    """The group weights of one unit class; a group that is not named has weight 0."""

    unit_class: str
    weights: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Validity:
    """The checks of validity and what each does."""

    speed: Action = Action.FLAG
    seconds_per_item: Decimal = Decimal(1)
    identical: Action = Action.FLAG
    identical_units: int = 10
    no_device: Action = Action.FLAG
    coached: Action = Action.FLAG
    no_proof: Action = Action.FLAG
    crowded: Action = Action.FLAG


@dataclass(frozen=True, slots=True)
class Conversion:
    """A method of conversion; each parameter belongs to the method that it names."""

    method: Method = Method.DIRECT
    step_percent: Decimal = Decimal(2)  # rank: what a place costs, of full marks
    floor_percent: Decimal = Decimal(60)  # rank: the least that any place gives
    centre: Decimal = Decimal(85)  # standard: what the class mean becomes
    spread: Decimal = Decimal(5)  # standard: what one standard deviation becomes
    min_deviation: Decimal = Decimal(2)  # standard: a smaller deviation counts as this
    limit: Decimal = Decimal(3)  # standard: deviations beyond it are cut
    min_units: int = 5  # standard: a smaller class is converted directly


@dataclass(frozen=True, slots=True)
class Grade:
    """One grade: from which total, and for which share of the class at most."""

    code: str
    words: str
    threshold: Decimal
    share_percent: Decimal | None = None
    words_en: str = ""


@dataclass(frozen=True, slots=True)
class Vetoes:
    """The best grade that a vetoed unit can have."""

    cap: str


@dataclass(frozen=True, slots=True)
class CompositeFloor:
    """The best grade that a unit can have whose composite is below a floor."""

    below: Decimal
    cap: str


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Everything that turns ballots into scores."""

    version: int
    name: str
    name_en: str
    full_marks: Decimal
    rounding: int
    options: tuple[Option, ...]
    items: tuple[Item, ...]
    min_items_scored: int
    groups: tuple[Group, ...]
    class_weights: tuple[ClassWeights, ...]
    validity: Validity
    small_samples: SmallSamples
    trim_percent: Decimal
    conversion: Conversion
    work_full_marks: Decimal
    work_aspects: tuple[str, ...] | None
    adjustment_limit: Decimal
    grades: tuple[Grade, ...]
    vetoes: Vetoes
    composite_floor: CompositeFloor
    ties: tuple[TieBreak, ...]
    publish_floor: int

    def group(self, code: str) -> Group:
        """Return the group with a code; an unknown code is a KeyError."""
        for group in self.groups:
            if group.code == code:
                return group
        raise KeyError(code)

    def weights_for(self, unit_class: str) -> dict[str, Decimal]:
        """Return the weight of every group for units of a class."""
        for named in self.class_weights:
            if named.unit_class == unit_class:
                weights = dict(named.weights)
                return {group.code: weights.get(group.code, Decimal(0)) for group in self.groups}
        return {group.code: group.weight for group in self.groups}

    def document(self) -> dict[str, Any]:
        """Return the whole rule set as plain JSON values, all defaults but `LATER_CHECKS` said."""
        return {
            "version": self.version,
            "name": self.name,
            "name_en": self.name_en,
            "full_marks": plain(self.full_marks),
            "rounding": self.rounding,
            "options": [_option(option) for option in self.options],
            "items": [_item(item) for item in self.items],
            "min_items_scored": self.min_items_scored,
            "groups": [_group(group) for group in self.groups],
            "class_weights": {
                named.unit_class: {code: plain(weight) for code, weight in named.weights}
                for named in self.class_weights
            },
            "validity": _validity(self.validity),
            "small_samples": self.small_samples.value,
            "trim_percent": plain(self.trim_percent),
            "conversion": _conversion(self.conversion),
            "work_full_marks": plain(self.work_full_marks),
            "work_aspects": None if self.work_aspects is None else list(self.work_aspects),
            "adjustment_limit": plain(self.adjustment_limit),
            "grades": [_grade(grade) for grade in self.grades],
            "vetoes": {"cap": self.vetoes.cap},
            "composite_floor": {
                "below": plain(self.composite_floor.below),
                "cap": self.composite_floor.cap,
            },
            "ties": [tie.value for tie in self.ties],
            "publish_floor": self.publish_floor,
        }

    def to_json(self) -> str:
        """Return the rule set as JSON that people read and edit."""
        return json.dumps(self.document(), ensure_ascii=False, indent=2) + "\n"

    @property
    def sha256(self) -> str:
        """Return the digest of the canonical JSON: sorted keys, no spaces, UTF-8."""
        canonical = json.dumps(
            self.document(), ensure_ascii=False, sort_keys=True, separators=(",", ":")
        )
        return hashlib.sha256(canonical.encode()).hexdigest()


# Checks that came later are written down only where they differ from the default: the documents of
# older rule sets, and with them their digests, stay as they are.
LATER_CHECKS = ("no_proof", "crowded")
METHOD_PARAMETERS: Mapping[Method, tuple[str, ...]] = {
    Method.DIRECT: (),
    Method.RATIO: (),
    Method.RANK: ("step_percent", "floor_percent"),
    Method.STANDARD: ("centre", "spread", "min_deviation", "limit", "min_units"),
}


def plain(number: Decimal) -> str:
    """Return a decimal in the one form that canonical documents use: `2.50` is `2.5`."""
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _option(option: Option) -> dict[str, Any]:
    points = None if option.points is None else plain(option.points)
    words = {"words": option.words, "words_en": option.words_en}
    return {"code": option.code, **words, "points": points}


def _item(item: Item) -> dict[str, Any]:
    words = {"words": item.words, "words_en": item.words_en}
    return {"code": item.code, **words, "weight": plain(item.weight)}


def _group(group: Group) -> dict[str, Any]:
    return {
        "code": group.code,
        "words": group.words,
        "words_en": group.words_en,
        "weight": plain(group.weight),
        "floor": group.floor,
        "min_return_share": plain(group.min_return_share),
        "open_channel": group.open_channel,
        "publish_floor": group.publish_floor,
    }


def _validity(validity: Validity) -> dict[str, Any]:
    default = Validity()
    later = {
        name: {"action": getattr(validity, name).value}
        for name in LATER_CHECKS
        if getattr(validity, name) is not getattr(default, name)
    }
    return {
        "speed": {
            "seconds_per_item": plain(validity.seconds_per_item),
            "action": validity.speed.value,
        },
        "identical": {"units": validity.identical_units, "action": validity.identical.value},
        "no_device": {"action": validity.no_device.value},
        "coached": {"action": validity.coached.value},
        **later,
    }


def _conversion(conversion: Conversion) -> dict[str, Any]:
    written: dict[str, Any] = {"method": conversion.method.value}
    for name in METHOD_PARAMETERS[conversion.method]:
        value = getattr(conversion, name)
        written[name] = plain(value) if isinstance(value, Decimal) else value
    return written


def _grade(grade: Grade) -> dict[str, Any]:
    return {
        "code": grade.code,
        "words": grade.words,
        "words_en": grade.words_en,
        "threshold": plain(grade.threshold),
        "share_percent": None if grade.share_percent is None else plain(grade.share_percent),
    }
