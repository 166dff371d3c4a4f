"""How R² divides among predictors, from their correlations alone."""

from math import factorial

import numpy as np

from analytics.shapes import Floats, ratio_of

NOTHING = 1e-10  # of a variance of 1: less is left of an item that the others already say


def subset_importance(correlations: Floats, outcome: Floats) -> Floats:
    """Return what each predictor adds to R² on average over all orders (R, p).

    Correlations (R, p, p) of predictors, outcome (R, p) with the overall answer. Lindeman, Merenda
    and Gold (1980), from R² of all subsets (Grömping 2006); a predictor that the others already
    say adds nothing to them.
    """
    rows, size = outcome.shape
    explained = _subset_r2(correlations, outcome)
    subsets = np.arange(2**size)
    members = (subsets[:, None] >> np.arange(size)) & 1
    sizes = members.sum(axis=1)
    weights = np.array(
        [factorial(s) * factorial(size - s - 1) / factorial(size) for s in range(size)]
    )
    importance = np.zeros((rows, size))
    for j in range(size):
        without = subsets[members[:, j] == 0]
        gains = explained[:, without | (1 << j)] - explained[:, without]
        importance[:, j] = np.maximum(gains, 0.0) @ weights[sizes[without]]
    return importance


def relative_weights(correlations: Floats, outcome: Floats) -> Floats:
    """Return Johnson's (2000) relative weights (R, p), shapes as of `subset_importance`.

    R² of the nearest orthogonal variables, given back to the predictors by what each of them
    shares with these: Λ = R^½, weights Λ² (Λ⁻¹ r)². With linear dependence the inverse is the
    pseudo-inverse.
    """
    sizes, axes = np.linalg.eigh(correlations)
    roots = np.sqrt(np.maximum(sizes, 0.0))
    inverse = ratio_of(np.ones_like(roots), np.where(sizes > NOTHING, roots, 0.0))
    turned = np.swapaxes(axes, 1, 2)
    shared = (axes * roots[:, None, :]) @ turned
    betas = ((axes * np.nan_to_num(inverse)[:, None, :]) @ turned) @ outcome[:, :, None]
    weights: Floats = (shared**2 @ betas**2)[:, :, 0]
    return weights


def inflation(correlations: Floats) -> Floats:
    """Return the variance inflation factors (R, p): 1 / (1 - R² on the other items)."""
    rows, size = correlations.shape[:2]
    left = np.ones((rows, size))
    for j in range(size):
        others = np.delete(np.arange(size), j)
        outcome = correlations[:, others, j]
        inverse = np.linalg.pinv(
            correlations[:, others[:, None], others], rcond=NOTHING, hermitian=True
        )
        left[:, j] -= np.einsum("rj,rjk,rk->r", outcome, inverse, outcome)
    known = left > NOTHING
    return np.where(known, 1 / np.where(known, left, 1.0), np.inf)


def _subset_r2(correlations: Floats, outcome: Floats) -> Floats:
    """Return R² of every subset of predictors (R, 2^p); bit j of a subset's number is predictor j.

    Predictors are eliminated one by one from the table bordered by the outcome; at each the tables
    double: without it, and with it taken out of all that follow.
    """
    rows, size = outcome.shape
    left = np.zeros((rows, 1, size + 1, size + 1))
    left[:, 0, :size, :size] = correlations
    left[:, 0, :size, size] = left[:, 0, size, :size] = outcome
    left[:, 0, size, size] = 1.0
    for _ in range(size):
        pivot = left[:, :, 0, 0]
        usable = pivot > NOTHING
        factor = np.where(usable, 1 / np.where(usable, pivot, 1.0), 0.0)
        first = left[:, :, 0, 1:]
        rest = left[:, :, 1:, 1:]
        taken = factor[:, :, None, None] * first[:, :, :, None] * first[:, :, None, :]
        left = np.concatenate([rest, rest - taken], axis=1)
    explained: Floats = np.clip(1 - left[:, :, 0, 0], 0.0, 1.0)
    return explained
