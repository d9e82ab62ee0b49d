"""A bundle on the real catalogue made of a few weights, so that tests of releases train nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from features.catalogue import CATALOGUE
from features.row import Row
from models.blend import Blend
from models.bundle import BundleParts, write_bundle
from models.calibration import Platt
from models.golden import golden_row
from models.inputs import Inputs
from models.linear import Linear, Term

PASSED = {"gate": "RTO001", "passed": True, "says": "", "muted": False}
TERMS = (
    Term("payment_cod", median=1.0, mean=0.6, scale=0.5, weight=0.6),
    Term("amount_log", median=7.0, mean=7.0, scale=0.7, weight=0.2),
)


def make_bundle(
    path: Path,
    version: str,
    *,
    intercept: float = -1.6,
    terms: tuple[Term, ...] = TERMS,
    training: Mapping[str, object] | None = None,
) -> str:
    """Write a model that thinks cash on delivery riskier, or what ``terms`` say; its digest."""
    parts = BundleParts(
        version=version,
        catalogue=CATALOGUE,
        inputs=Inputs(()),
        trees=None,
        linear=Linear(intercept, terms),
        blend=Blend(trees=0.0, linear=1.0),
        calibration=Platt(1.0, 0.0),
        golden=(),
        training={"gates": [PASSED], **(training or {})},
    )
    question = golden_row(parts.model(), Row(np.full(len(CATALOGUE), np.nan), ()), {})
    return write_bundle(path, replace(parts, golden=(question,)))
