"""The rule sets that are shipped, by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from analytics.faults import N_, RuleFault
from analytics.rules.rule_reader import parse_rules
from analytics.rules.rule_set import RuleSet

Scale = list[tuple[str, str, str, str | None]]

UNKNOWN = ("N", "不了解", "Do not know", None)
FIVE_LEVELS = [
    ("A", "非常满意", "Very satisfied"),
    ("B", "满意", "Satisfied"),
    ("C", "基本满意", "Fairly satisfied"),
    ("D", "不满意", "Dissatisfied"),
    ("E", "非常不满意", "Very dissatisfied"),
]
THREE_LEVELS = [
    ("A", "满意", "Satisfied"),
    ("B", "基本满意", "Fairly satisfied"),
    ("C", "不满意", "Dissatisfied"),
]
ITEMS = [
    ("duties", "职能履行", "Duties"),
    ("law", "依法行政", "Lawful administration"),
    ("service", "服务创新", "Service and innovation"),
    ("efficiency", "办事效能", "Efficiency"),
    ("overall", "总体满意", "Overall satisfaction"),
]
GROUPS = [
    # code, words, English words, weight, floor, publish floor
    ("citizens", "群众", "Citizens", 40, 30, 5),
    ("enterprises", "企业", "Enterprises", 30, 20, 5),
    ("npc", "人大代表", "NPC deputies", 15, 10, 10),
    ("cppcc", "政协委员", "CPPCC members", 15, 10, 10),
    ("leaders", "市领导", "City leaders", 0, 10, 5),
    ("districts", "县（市、区）", "Counties and districts", 0, 10, 5),
    ("supervisors", "行风监督员", "Conduct supervisors", 0, 10, 5),
    ("peers", "部门互评", "Peer units", 0, 10, 5),
    ("telephone", "第三方电话调查", "Third-party telephone survey", 0, 30, 5),
]


def preset(name: str) -> RuleSet:
    """Return a shipped rule set, or refuse an unknown name."""
    if name not in PRESETS:
        raise RuleFault(
            N_("there is no rule set “%(name)s”; there are: %(names)s"),
            name=name,
            names=", ".join(PRESETS),
        )
    return PRESETS[name]


def _levels(levels: list[tuple[str, str, str]], points: list[int]) -> Scale:
    scored: Scale = [
        (code, words, english, str(worth))
        for (code, words, english), worth in zip(levels, points, strict=True)
    ]
    return [*scored, UNKNOWN]


def _stars() -> Scale:
    words = [(str(n), f"{n} 星", f"{n} stars" if n > 1 else "1 star") for n in range(5, 0, -1)]
    return _levels(words, [100, 80, 60, 40, 20])


def _one_to_five() -> Scale:
    return _levels([(str(n), f"{n} 分", str(n)) for n in range(5, 0, -1)], [100, 75, 50, 25, 0])


def _zero_to_ten() -> Scale:
    """Return 0 to 10, where ten has the code X because a code is one character."""
    codes = ["X", *(str(n) for n in range(9, -1, -1))]
    words = [(code, f"{n} 分", str(n)) for code, n in zip(codes, range(10, -1, -1), strict=True)]
    return _levels(words, [10 * n for n in range(10, -1, -1)])


def _rule_set(name: str, name_en: str, scale: Scale) -> RuleSet:
    document: dict[str, Any] = {
        "version": 1,
        "name": name,
        "name_en": name_en,
        "options": [
            {"code": code, "words": words, "words_en": english, "points": points}
            for code, words, english, points in scale
        ],
        "items": [
            {"code": code, "words": words, "words_en": english, "weight": "1"}
            for code, words, english in ITEMS
        ],
        "groups": [
            {
                "code": code,
                "words": words,
                "words_en": english,
                "weight": weight,
                "floor": floor,
                "publish_floor": publish_floor,
            }
            for code, words, english, weight, floor, publish_floor in GROUPS
        ],
    }
    return parse_rules(document)


PRESETS: Mapping[str, RuleSet] = MappingProxyType(
    {
        "default": _rule_set(
            "默认规则（100/80/60/30/0）",
            "Default (100/80/60/30/0)",
            _levels(FIVE_LEVELS, [100, 80, 60, 30, 0]),
        ),
        "three-100-75-55": _rule_set(
            "三级（100/75/55）", "Three levels (100/75/55)", _levels(THREE_LEVELS, [100, 75, 55])
        ),
        "three-100-70-30": _rule_set(
            "三级（100/70/30）", "Three levels (100/70/30)", _levels(THREE_LEVELS, [100, 70, 30])
        ),
        "stars": _rule_set("五星（5 至 1 星）", "Stars (5 to 1)", _stars()),
        "five-10-8-6-3-0": _rule_set(
            "五级（10/8/6/3/0 × 10）",
            "Five levels (10/8/6/3/0 × 10)",
            _levels(FIVE_LEVELS, [100, 80, 60, 30, 0]),
        ),
        "one-to-five": _rule_set("1 至 5 分", "One to five", _one_to_five()),
        "zero-to-ten": _rule_set("0 至 10 分", "Zero to ten", _zero_to_ten()),
    }
)
