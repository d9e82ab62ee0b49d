"""A small model of every kind of column, trained once for all tests of the room."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from features.feature import Feature
from features.row import Row
from models.blend import Blend
from models.bundle import BundleParts, write_bundle
from models.calibration import Beta
from models.golden import GOLDEN_ROWS, golden_row
from models.inputs import Inputs
from models.linear import Linear, Term
from models.scorer import Floats

NAMES = (
    "phone_orders_90d",
    "pincode_rto_rate_90d",
    "order_amount",
    "address_length",
    "cod",
    "unread",
)
REASONS = (
    "rto_prone_phone",
    "rto_prone_pincode",
    "high_order_amount",
    "short_shipping_address",
    "cod_order",
    "order_details",
)
CATALOGUE = tuple(
    Feature(name, unit="count", reason=reason, says=f"What {name} says.", group="test")
    for name, reason in zip(NAMES, REASONS, strict=True)
)
INPUTS = Inputs(
    features=NAMES[:5], flags=("coupon=DIWALI10", "sku=KRT-01"), extras=("basket_minutes",)
)


def draw_columns(n: int, seed: int) -> Floats:
    """Counts with zeros, shares and amounts with gaps, flags: shape (n, 8), as trees see them."""
    random = np.random.default_rng(seed)
    columns = np.column_stack(
        [
            random.poisson(1.0, n).astype(float),
            random.beta(2, 6, n),
            np.exp(random.normal(7, 0.6, n)),
            random.normal(60, 25, n),
            (random.random(n) < 0.6).astype(float),
            (random.random(n) < 0.2).astype(float),
            (random.random(n) < 0.3).astype(float),
            random.exponential(5.0, n),
        ]
    )
    for column, share in ((0, 0.3), (1, 0.2), (3, 0.1), (7, 0.4)):
        columns[random.random(n) < share, column] = np.nan
    return columns


def draw_outcomes(columns: Floats, seed: int) -> Floats:
    """Outcomes that depend on every column, and on two of them together."""
    known = np.nan_to_num(columns)
    z = 4 * known[:, 1] + 0.8 * columns[:, 4] - 0.3 * known[:, 0] * columns[:, 5] - 2
    return (np.random.default_rng(seed).random(len(z)) < 1 / (1 + np.exp(-z))).astype(float)


@cache
def booster(rounds: int = 40, leaves: int = 15, **parameters: object) -> lightgbm.Booster:
    """A booster on the columns of ``INPUTS``."""
    columns = draw_columns(3000, seed=1)
    settings = {
        "objective": "binary",
        "num_leaves": leaves,
        "min_data_in_leaf": 10,
        "learning_rate": 0.1,
        "verbose": -1,
        "num_threads": 1,
        "seed": 3,
        "deterministic": True,
        **parameters,
    }
    return lightgbm.train(settings, lightgbm.Dataset(columns, draw_outcomes(columns, 2)), rounds)


LINEAR = Linear(
    intercept=-1.1,
    terms=(
        Term("phone_orders_90d", 1.0, 1.02, 0.9, 0.15, 0.2, missing_share=0.3, curve="log"),
        Term("pincode_rto_rate_90d", 0.23, 0.25, 0.13, 0.5, missing_weight=-0.1, missing_share=0.2),
        Term("basket_minutes", 3.4, 4.6, 4.1, -0.05),
    ),
    tokens={
        "pincode=560034": 0.4,
        "pincode=110001": -0.3,
        "coupon=DIWALI10": 0.7,
        "x:store=a": 0.2,
    },
    token_means={"pincode": 0.05, "coupon": 0.14},
)


@dataclass(frozen=True)
class Asked:
    """Rows as serving has them, and the same as the trees' columns."""

    rows: list[Row]
    extras: list[dict[str, float | str]]
    columns: Floats

    def values(self) -> Floats:
        """All rows' values, shape (n, n_catalogue)."""
        return np.array([row.values for row in self.rows])

    def tokens(self) -> list[tuple[str, ...]]:
        """All rows' tokens."""
        return [row.tokens for row in self.rows]


def ask(n: int, seed: int) -> Asked:
    """Rows that no model was trained on."""
    columns = draw_columns(n, seed)
    rows: list[Row] = []
    extras: list[dict[str, float | str]] = []
    for i, x in enumerate(columns):
        tokens = [f"pincode={('560034', '110001', '999999')[i % 3]}"]
        tokens += [token for token, on in zip(INPUTS.flags, x[5:7], strict=True) if on]
        rows.append(Row(np.append(x[:5], float(i)), tuple(tokens)))
        extras.append({"basket_minutes": float(x[7]), "store": "ab"[i % 2]})
    return Asked(rows, extras, columns)


def make_parts(**changes: object) -> BundleParts:
    """The parts of a bundle whose exam was set by LightGBM itself."""
    text = booster().model_to_string()
    named: dict[str, object] = {
        "version": "rto-2026-11-20.1",
        "catalogue": CATALOGUE,
        "inputs": INPUTS,
        "trees": text,
        "linear": LINEAR,
        "blend": Blend(trees=0.7, linear=0.4, intercept=0.05),
        "calibration": Beta(a=1.1, b=0.9, c=-0.1),
        "golden": (),
        "training": {"rows": 3000, "mutes": [], "base_rates": {"rto": 0.25}},
        "provenance": {"created_at": "2026-11-20T10:15:00Z", "run_id": "r1"},
    }
    parts = BundleParts(**(named | changes))  # type: ignore[arg-type]
    asked = ask(GOLDEN_ROWS, seed=5)
    model = parts.model()
    raw = booster().predict(asked.columns, raw_score=True) if parts.trees == text else [None] * 32
    golden = [
        golden_row(model, row, extra, tree_raw=score)
        for row, extra, score in zip(asked.rows, asked.extras, raw, strict=True)
    ]
    return BundleParts(**(named | changes | {"golden": changes.get("golden", golden)}))  # type: ignore[arg-type]


@pytest.fixture
def parts() -> BundleParts:
    """The parts of a valid bundle."""
    return make_parts()


@pytest.fixture
def released(tmp_path: Path, parts: BundleParts) -> Path:
    """A valid bundle on disk."""
    path = tmp_path / parts.version
    write_bundle(path, parts)
    return path
