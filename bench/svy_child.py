"""What svy and samplics do of the same work, under a Python that has them: task, folder."""

import json
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

_Found = TypeVar("_Found")


def means(folder: Path) -> dict[str, Any]:
    """Return means and errors of all questions, and of the ballot score, as svy computes them."""
    polars, svy = import_module("polars"), import_module("svy")
    columns = _columns(folder)
    questions = [name for name in columns if name.startswith("q")]
    sample, design = _timed(
        lambda: svy.Sample(polars.DataFrame(columns), svy.Design(stratum="cell", wgt="weight"))
    )
    many, of_questions = _timed(lambda: sample.estimation.mean(questions, by="unit"))
    one, of_score = _timed(lambda: sample.estimation.mean("score", by="unit"))
    figures = {}
    for name, found in (("", [*many]), ("score_", [one])):
        frames = [each.to_polars().sort("unit") for each in found]
        for figure, column in (("means", "est"), ("errors", "se")):
            figures[name + figure] = np.concatenate([frame[column] for frame in frames])
    return _told(
        {"design": design, "questions": of_questions, "score": of_score}, figures, "svy", "polars"
    )


def samplics_mean(folder: Path) -> dict[str, Any]:
    """Return the mean and error of the ballot score as samplics computes them."""
    warnings.simplefilter("ignore")  # it says that it is archived
    samplics = import_module("samplics")
    columns = _columns(folder)
    estimator = samplics.TaylorEstimator(import_module("samplics.utils.types").PopParam.mean)
    _, took = _timed(
        lambda: estimator.estimate(
            columns["score"],
            samp_weight=columns["weight"],
            stratum=columns["cell"],
            domain=columns["unit"],
        )
    )
    units = sorted(estimator.point_est)
    figures = {
        "score_means": np.array([estimator.point_est[unit] for unit in units]),
        "score_errors": np.array([estimator.stderror[unit] for unit in units]),
    }
    return _told({"score": took}, figures, "samplics")


def raking(folder: Path) -> dict[str, Any]:
    """Return the weights of rows raked to margins, at svy's own tolerance and closely."""
    polars, svy = import_module("polars"), import_module("svy")
    names = ("v1", "v2", "v3")
    columns = {name: np.fromfile(folder / name, np.int8) for name in names}
    frame = polars.DataFrame({**columns, "base": np.fromfile(folder / "base")})
    people = {
        name: dict(enumerate(np.fromfile(folder / f"people_{name}").tolist())) for name in names
    }

    def raked(**closely: float) -> Any:
        sample = svy.Sample(frame, svy.Design(wgt="base"))
        return _timed(lambda: sample.weighting.rake(controls=people, **closely))

    _, took = raked()
    near, took_near = raked(tol=1e-10, max_iter=1000)
    weights = near.data["rk_wgt"].to_numpy()[:1000]
    return _told({"rake": took, "rake closely": took_near}, {"weights": weights}, "svy", "polars")


TASKS: Mapping[str, Callable[[Path], dict[str, Any]]] = {
    "means": means,
    "samplics": samplics_mean,
    "raking": raking,
}


def _columns(folder: Path) -> dict[str, Any]:
    unit = np.fromfile(folder / "unit", np.int32)
    levels = np.fromfile(folder / "levels", np.int8).reshape(-1, unit.size)
    answers = np.fromfile(folder / "points")[levels]
    return {
        **{f"q{number}": answer for number, answer in enumerate(answers, 1)},
        "score": answers.mean(axis=0),
        "unit": unit,
        "cell": np.fromfile(folder / "cell", np.int32),
        "weight": np.fromfile(folder / "weight"),
    }


def _timed(work: Callable[[], _Found]) -> tuple[_Found, float]:
    begun = time.process_time()
    found = work()
    return found, time.process_time() - begun


def _told(seconds: dict[str, float], figures: Mapping[str, Any], *packages: str) -> dict[str, Any]:
    return {
        "seconds": seconds,
        "figures": {name: values.tolist() for name, values in figures.items()},
        "versions": {name: version(name) for name in packages},
    }


if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](Path(sys.argv[2]))))  # noqa: T201
