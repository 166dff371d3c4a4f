"""A seeded crowd: groups differ in severity, some people are careless, some try twice."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from analytics.rules import RuleSet
from surveys.questionnaire import (
    Answer,
    Channel,
    Kind,
    Question,
    Questionnaire,
    Submission,
    UnitRating,
    is_shown,
    suspicions,
    validity_of,
)

# How lenient a group is, on the scale of the latent satisfaction below.
LENIENCY = {"citizens": 0.0, "enterprises": -0.2, "npc": 0.55, "cppcc": 0.4}
# Below the first the person is very dissatisfied, above the last very satisfied.
THRESHOLDS = (-1.6, -0.8, 0.2, 1.3)
# Units with a counter that everybody has stood at; the rest are known to few.
BUSY = ("U48", "U38", "U43", "U44", "U35", "U40", "U56", "U62", "U46", "U25", "U24", "U51", "U54")
CARELESS_SHARE = 0.04
TWICE_SHARE = 0.03
COACHED_SHARE = 0.015
COMMENT_SHARE = 0.1
COMMENTS = (
    "窗口人员态度很好，一次就办完了。",
    "材料要求说得不清楚，跑了两趟。",
    "网上预约很方便，到了就能办。",
    "电话很难打通，希望增加接线人员。",
    "办理时间比承诺的短，值得表扬。",
    "希望周末也能办理。",
    "等候时间太长，叫号机坏了没人修。",
    "政策解释耐心，帮老人填了表。",
    "网站上的信息没有及时更新。",
    "投诉以后三天就有了回复。",
    "希望多到企业走访，少发表格。",
    "停车不方便，指示牌也看不清。",
    "建议把需要的证件写在门口。",
    "执法文明，讲道理。",
    "同一件事不同窗口说法不一样。",
)
WISHES = ("少跑腿", "缩短办理时间", "窗口多开几个", "电话能打通", "材料再减少一些", "信息公开及时")


@dataclass(frozen=True)
class Entrance:
    """Where part of the crowd comes in, and how many of them."""

    group: str
    group_id: int
    link_id: int
    channel: Channel
    questionnaire: Questionnaire
    people: int
    token_digests: tuple[str, ...] = ()


class Crowd:
    """People who rate; the same seed gives the same people."""

    def __init__(
        self,
        round_id: int,
        rules: RuleSet,
        unit_codes: Mapping[int, str],
        seed: int,
        drift: float = 0.0,
    ):
        self.round_id = round_id
        self.rules = rules
        self.rng = np.random.default_rng(seed)
        self.scored = [one.code for one in rules.options if one.points is not None]
        self.unscored = next(one.code for one in rules.options if one.points is None)
        numbers = sorted(unit_codes)
        # Units are as good in every year, but for what may have changed since.
        self.quality = {number: self.rng.normal(1.0, 0.45) for number in numbers}
        self.tilt = self.rng.normal(0, 0.15, len(rules.items))
        quiet = self.rng.uniform(0.15, 1.0, len(numbers))
        self.fame = {
            number: 9.0 - 0.4 * BUSY.index(unit_codes[number])
            if unit_codes[number] in BUSY
            else float(quiet[index])
            for index, number in enumerate(numbers)
        }
        if drift:
            self.rng = np.random.default_rng([seed, 1])
            for number in numbers:
                self.quality[number] += self.rng.normal(0.0, drift)

    def come(self, entrance: Entrance) -> list[Submission]:
        """Return the ballots of one entrance's people."""
        return [self._ballot(entrance, index) for index in range(entrance.people)]

    def come_again(self, entrance: Entrance, first: list[Submission]) -> list[Submission]:
        """Return the second tries of those who think that nobody notices."""
        return [
            replace(self._ballot(entrance, 0), device_key=one.device_key)
            for one in first
            if one.device_key and self.rng.random() < TWICE_SHARE
        ]

    def _ballot(self, entrance: Entrance, index: int) -> Submission:
        ratings = self._ratings(entrance)
        secret = bool(entrance.token_digests)
        answered = sum(len(rating.pattern) for rating in ratings)
        seconds = None if secret else int(answered * self.rng.uniform(0.95, 6.0))
        answers, reasons = self._answers(entrance.questionnaire.text.questions)
        reasons = (*suspicions(ratings, seconds, self.rules), *reasons)
        return Submission(
            round_id=self.round_id,
            group_id=entrance.group_id,
            link_id=entrance.link_id,
            channel=entrance.channel,
            submission_id=self._id(),
            ratings=ratings,
            unit_digits=entrance.questionnaire.unit_digits,
            comments=self._comments(ratings) if entrance.questionnaire.text.has_comments else (),
            answers=answers,
            reasons=reasons,
            validity=validity_of(reasons, self.rules),
            seconds=seconds,
            device_key=None if secret else self._id(),
            token_digest=entrance.token_digests[index] if secret else None,
        )

    def _ratings(self, entrance: Entrance) -> tuple[UnitRating, ...]:
        severity = LENIENCY.get(entrance.group, 0.0) + self.rng.normal(0, 0.55)
        numbers = [unit.number for unit in entrance.questionnaire.units]
        if not entrance.token_digests:
            numbers = self._visited(numbers)
        if self.rng.random() < CARELESS_SHARE:
            same = str(self.rng.choice(self.scored[:2])) * len(self.rules.items)
            return tuple(UnitRating(number, same) for number in numbers)
        return tuple(
            UnitRating(number, self._pattern(number, severity, bool(entrance.token_digests)))
            for number in numbers
        )

    def _visited(self, numbers: list[int]) -> list[int]:
        weights = np.array([self.fame[number] for number in numbers])
        count = min(len(numbers), 1 + int(self.rng.poisson(2.2)))
        chosen = self.rng.choice(numbers, size=count, replace=False, p=weights / weights.sum())
        return sorted(int(number) for number in chosen)

    def _pattern(self, number: int, severity: float, rates_all: bool) -> str:
        if rates_all and self.rng.random() < 0.5 / (1.0 + self.fame[number]):
            return self.unscored * len(self.rules.items)
        latent = (
            self.quality[number] + severity + self.tilt + self.rng.normal(0, 0.8, self.tilt.size)
        )
        levels = np.searchsorted(THRESHOLDS, latent)  # 0 worst … 4 best
        unknown = self.rng.random(self.tilt.size) < 0.03
        best = len(self.scored) - 1
        codes = [self.scored[best - min(int(level), best)] for level in levels]
        return "".join(
            self.unscored if skip else code for code, skip in zip(codes, unknown, strict=True)
        )

    def _comments(self, ratings: tuple[UnitRating, ...]) -> tuple[tuple[int, str], ...]:
        return tuple(
            (rating.unit_number, str(self.rng.choice(COMMENTS)))
            for rating in ratings
            if self.rng.random() < COMMENT_SHARE / len(ratings)
        )

    def _answers(
        self, questions: tuple[Question, ...]
    ) -> tuple[tuple[tuple[str, Answer], ...], tuple[str, ...]]:
        answers: dict[str, Answer] = {}
        reasons: list[str] = []
        for question in questions:
            if not is_shown(question, answers):
                continue
            if question.kind is Kind.SINGLE:
                answers[question.code] = self._choice(question, reasons)
            elif question.kind is Kind.SEVERAL:
                picked = [c.code for c in question.choices if self.rng.random() < 0.4]
                if picked:
                    answers[question.code] = tuple(picked)
            elif question.kind is Kind.NUMBER:
                low, high = question.lowest or 0, question.highest or 20
                answers[question.code] = min(high, low + int(self.rng.poisson(3)))
            elif self.rng.random() < 0.15:
                answers[question.code] = str(self.rng.choice(WISHES))
        return tuple(answers.items()), tuple(reasons)

    def _choice(self, question: Question, reasons: list[str]) -> str:
        doubtful = [choice for choice in question.choices if choice.reason]
        if doubtful and self.rng.random() < COACHED_SHARE:
            reasons.append(str(doubtful[0].reason))
            return doubtful[0].code
        plain = [choice.code for choice in question.choices if not choice.reason]
        return str(self.rng.choice(plain))

    @staticmethod
    def _id() -> str:
        return secrets.token_urlsafe(16)
