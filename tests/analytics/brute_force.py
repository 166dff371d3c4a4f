"""The rules a second time, ballot by ballot with 50-digit decimals: slow, plain and independent."""

from collections.abc import Mapping
from decimal import Decimal, localcontext
from typing import Any

Ballot = tuple[str, str, str]  # group, unit, pattern


def brute_force(
    document: Mapping[str, Any], ballots: list[Ballot], classes: Mapping[str, str]
) -> dict[str, tuple[Decimal, Decimal, Decimal] | None]:
    """Return (R, direct, S) of each unit, None for a unit without a score."""
    with localcontext() as context:
        context.prec = 50
        return _run(document, ballots, classes)


def _run(document, ballots, classes):
    groups = {g["code"]: g for g in document["groups"]}
    weight = {
        u: {
            g: Decimal(document["class_weights"][c].get(g, 0))
            if c in document["class_weights"]
            else Decimal(groups[g]["weight"])
            for g in groups
        }
        for u, c in classes.items()
    }
    marks = {(u, g): [] for u in classes for g in groups}
    for group, unit, pattern in ballots:
        mark = _mark(document, pattern)
        if mark is not None:
            marks[unit, group].append(mark)
    part = [u for u in classes if any(marks[u, g] and weight[u][g] > 0 for g in groups)]
    padded = {}
    for g in groups:
        seen = {u: _trim(document, marks[u, g]) for u in part}
        if any(marks[u, g] for u in part):
            method = {"pad": _pad, "none": _none, "shrink": _shrink}[document["small_samples"]]
            for u, m in method(seen, {u: marks[u, g] for u in part}, classes, groups[g]).items():
                padded[u, g] = m
    scores = dict.fromkeys(classes)
    composite = {}
    for u in part:
        used = [g for g in groups if weight[u][g] > 0 and (u, g) in padded]
        total = sum(weight[u][g] for g in used)
        composite[u] = sum(weight[u][g] * padded[u, g] for g in used) / total
    for u in part:
        members = [v for v in part if classes[v] == classes[u]]
        full = Decimal(document["full_marks"])
        direct = full * composite[u] / 100
        official = _convert(document, u, members, composite, padded, weight, full)
        scores[u] = (composite[u], direct, official)
    return scores


def _mark(document, pattern):
    points = {o["code"]: o["points"] for o in document["options"] if o["points"] is not None}
    top = bottom = Decimal(0)
    scored = 0
    for item, code in zip(document["items"], pattern, strict=True):
        if code in points:
            top += Decimal(item["weight"]) * Decimal(points[code])
            bottom += Decimal(item["weight"])
            scored += 1
    return top / bottom if scored >= document["min_items_scored"] else None


def _trim(document, marks):
    n = len(marks)
    if not n:
        return None
    cut = int(n * Decimal(document["trim_percent"]) / 100) if n >= 20 else 0
    kept = sorted(marks)[cut : n - cut]
    return sum(kept) / len(kept)


def _plain_mean(means, classes, unit_class):
    mine = [m for u, m in means.items() if classes[u] == unit_class]
    chosen = mine or list(means.values())
    return sum(chosen) / len(chosen)


def _pad(means, marks, classes, group):
    floor = max(1, int(group["floor"]))
    full = {u: m for u, m in means.items() if len(marks[u]) >= floor}
    rated = {u: m for u, m in means.items() if m is not None}
    padded = {}
    for u, m in means.items():
        n = len(marks[u])
        if not full:
            padded[u] = m if n else _plain_mean(rated, classes, classes[u])
        elif n >= floor:
            padded[u] = m
        else:
            mu = _plain_mean(full, classes, classes[u])
            padded[u] = (n * (m or 0) + (floor - n) * mu) / floor
    return padded


def _none(means, marks, classes, group):
    return {u: m for u, m in means.items() if m is not None}


def _shrink(means, marks, classes, group):
    rated = {u: m for u, m in means.items() if m is not None}
    shrunken = {}
    for u, m in means.items():
        mine = [v for v in rated if classes[v] == classes[u]]
        prior = _prior(mine, means, marks) or _prior(list(rated), means, marks)
        if prior is None:
            shrunken[u] = m if m is not None else _plain_mean(rated, classes, classes[u])
            continue
        mu, tau2, sigma2 = prior
        n = len(marks[u])
        if sigma2 == 0:
            shrunken[u] = m if n else mu
        else:
            shrunken[u] = (tau2 * n * (m or 0) + sigma2 * mu) / (tau2 * n + sigma2)
    return shrunken


def _prior(units, means, marks):
    spare = sum(len(marks[u]) - 1 for u in units)
    if len(units) < 2 or spare == 0:
        return None
    own = {u: sum(marks[u]) / len(marks[u]) for u in units}
    sigma2 = sum((b - own[u]) ** 2 for u in units for b in marks[u]) / spare
    if sigma2 < Decimal("1e-40"):
        return sum(means[u] for u in units) / len(units), Decimal(0), Decimal(0)
    w = {u: len(marks[u]) / sigma2 for u in units}
    fixed = sum(w[u] * means[u] for u in units) / sum(w.values())
    q = sum(w[u] * (means[u] - fixed) ** 2 for u in units)
    scale = sum(w.values()) - sum(x * x for x in w.values()) / sum(w.values())
    tau2 = max(Decimal(0), (q - (len(units) - 1)) / scale)
    random = {u: 1 / (tau2 + 1 / w[u]) for u in units}
    return sum(random[u] * means[u] for u in units) / sum(random.values()), tau2, sigma2


def _convert(document, unit, members, composite, padded, weight, full):
    method = document["conversion"]["method"]
    if method == "ratio":
        best = max(composite[v] for v in members)
        return full * composite[unit] / best if best else Decimal(0)
    if method == "rank":
        # Two decimal figures that differ only by rounding are one figure.
        above = sum(composite[v] - composite[unit] > Decimal("1e-30") for v in members)
        return full * max(Decimal("0.6"), 1 - Decimal("0.02") * above)
    if method == "standard" and len(members) >= 5:
        points = total = Decimal(0)
        for g, w in weight[unit].items():
            if w > 0 and (unit, g) in padded:
                points += w * _standard(unit, g, members, padded)
                total += w
        return full * points / (100 * total)
    return full * composite[unit] / 100


def _standard(unit, group, members, padded):
    means = [padded[v, group] for v in members if (v, group) in padded]
    m = sum(means) / len(means)
    s = (sum((x - m) ** 2 for x in means) / len(means)).sqrt()
    z = (padded[unit, group] - m) / max(s, Decimal(2))
    return 85 + 5 * max(Decimal(-3), min(Decimal(3), z))
