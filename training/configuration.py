"""What a data scientist may choose about a training run, from a YAML file and options."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Literal

import yaml

from features.errors import SettingsError

TREE_PARAMETERS = (
    "num_leaves", "learning_rate", "min_data_in_leaf", "feature_fraction", "bagging_fraction",
    "lambda_l1", "lambda_l2", "min_gain_to_split", "path_smooth", "max_depth", "max_bin",
)  # fmt: skip
MOST_LEAVES = 64


@dataclass(frozen=True, slots=True)
class Configuration:
    """One training run's choices; the defaults need no file.

    Parameters
    ----------
    extra : tuple of str
        Columns beyond the contract's that are known at order time and may become inputs.
    exclude : tuple of str
        Feature groups, feature names or token kinds to leave out (``coupons``, ``ip`` …).
    labels : {"folds", "weights", "wait"}
        How the outcomes still missing are met; see ``labels.mature``. The folds choose by default.
    half_life_days : float, None or "folds"
        After how many days an order teaches half as much; None forgets nothing.
    interventions : {"leave out", "propensity"}
        Whether orders spared by a lot stand for those acted on; see ``labels.mature``.
    trees : dict
        LightGBM parameters that replace the ones chosen by the folds.
    seed, threads : int
        The same data, seed and thread count give the same bundle digest.
    mute : tuple of str
        Gates that may fail without stopping a release; recorded in the manifest.
    """

    extra: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    labels: Literal["folds", "weights", "wait"] = "folds"
    half_life_days: float | Literal["folds"] | None = "folds"
    interventions: Literal["leave out", "propensity"] = "leave out"
    trees: dict[str, float | int] = field(default_factory=dict)
    seed: int = 7
    threads: int = 2
    mute: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        unknown = sorted(set(self.trees) - set(TREE_PARAMETERS))
        if unknown:
            raise SettingsError(
                f"trees: {unknown[0]} cannot be set; choose from {', '.join(TREE_PARAMETERS)}"
            )
        if not all(type(v) in (int, float) for v in self.trees.values()):
            raise SettingsError("trees: every parameter must be a number")
        if not 2 <= self.trees.get("num_leaves", 2) <= MOST_LEAVES:
            raise SettingsError(f"trees: num_leaves must lie between 2 and {MOST_LEAVES}")
        if self.labels not in ("folds", "weights", "wait"):
            raise SettingsError(f'labels: "{self.labels}" is not one of folds, weights, wait')
        days = self.half_life_days
        if days not in ("folds", None) and not (isinstance(days, int | float) and days > 0):
            raise SettingsError(
                f'half_life_days: {days!r} is not a number above 0, null or "folds"'
            )
        if self.interventions not in ("leave out", "propensity"):
            raise SettingsError(
                f'interventions: "{self.interventions}" is not one of leave out, propensity'
            )
        for name in ("seed", "threads"):
            value = getattr(self, name)
            if type(value) is not int or value < (1 if name == "threads" else 0):
                raise SettingsError(f"{name} must be a whole number, {name} {value!r} is not")

    @property
    def label_method(self) -> Literal["weights", "wait"]:
        """How labels are made before the folds have chosen: by weights, which leave out least."""
        return "wait" if self.labels == "wait" else "weights"

    def with_options(self, *, extra: tuple[str, ...], exclude: tuple[str, ...]) -> Configuration:
        """This configuration with the command line's extra columns and exclusions added."""
        return replace(
            self,
            extra=tuple(dict.fromkeys((*self.extra, *extra))),
            exclude=tuple(dict.fromkeys((*self.exclude, *exclude))),
        )


def read_configuration(path: Path | None) -> Configuration:
    """Read a training configuration; None gives the defaults.

    Raises
    ------
    SettingsError
        Naming the file and the key at fault.
    """
    if path is None:
        return Configuration()
    try:
        body = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{path}: cannot be read as YAML ({_line(error)})") from None
    known = {f.name for f in fields(Configuration)}
    if not isinstance(body, dict):
        raise SettingsError(f"{path}: holds no keys; it may name {', '.join(sorted(known))}")
    if wrong := sorted(set(body) - known, key=str):
        raise SettingsError(f"{path}: {wrong[0]} is not one of {', '.join(sorted(known))}")
    for name in ("extra", "exclude", "mute"):
        if name in body:
            body[name] = _names(path, name, body[name])
    if not isinstance(body.get("trees", {}), dict):
        raise SettingsError(f"{path}: trees must be a table of LightGBM parameters")
    try:
        return Configuration(**body)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from None


def _names(path: Path, name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SettingsError(f"{path}: {name} must be a list of names")
    return tuple(value)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
