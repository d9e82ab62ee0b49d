"""What a model may read is chosen by name and frequency, never by outcome."""

from __future__ import annotations

import numpy as np
import pytest

from features.catalogue import CATALOGUE
from features.errors import SettingsError
from tests.training.ledger import make_matrix
from training.inputs import Table, _excluded

ROWS = np.arange(1_500, dtype=np.int64)


def test_excluding_coupons_leaves_no_trace_of_them() -> None:
    inputs = Table(make_matrix(), exclude=["coupons"]).inputs(ROWS)
    names = (*inputs.features, *inputs.flags, *inputs.tokens)
    assert names
    assert not [name for name in names if "coupon" in name]


def test_a_column_that_never_varies_is_no_input() -> None:
    assert "always_unknown" not in Table(make_matrix()).inputs(ROWS).features
    assert "phone_rto_ever" in Table(make_matrix()).inputs(ROWS).features


def test_an_extra_column_is_read_only_when_vouched_for() -> None:
    plain = Table(make_matrix()).inputs(ROWS)
    assert plain.extras == ()
    assert not [token for token in plain.tokens if token.startswith("x:")]
    inputs = Table(make_matrix(), extra=["minutes", "size"]).inputs(ROWS)
    assert inputs.extras == ("minutes",)
    assert {"x:size=S", "x:size=M", "x:size=L"} <= set(inputs.tokens)


def test_tokens_seen_in_a_handful_of_orders_are_dropped_and_unknown_ones_read_as_absent() -> None:
    matrix = make_matrix()
    table = Table(matrix)
    inputs = table.inputs(ROWS)
    assert not [token for token in inputs.tokens if token.startswith("order=")]
    asked = table.tokens(("nothing=here", "coupon=C3"), ROWS[:50]).toarray()
    has = [float("coupon=C3" in matrix.tokens[i]) for i in range(50)]
    assert asked[:, 0].sum() == 0
    assert asked[:, 1].tolist() == has


def test_tree_columns_are_features_then_flags_then_extras() -> None:
    matrix = make_matrix()
    table = Table(matrix, extra=["minutes"])
    inputs = table.inputs(ROWS)
    columns = table.tree_columns(inputs, ROWS[:20])
    assert columns.shape == (20, len(inputs.features) + len(inputs.flags) + 1)
    np.testing.assert_array_equal(columns[:, 0], matrix.values[:20, 0])
    np.testing.assert_array_equal(columns[:, -1], matrix.extras["minutes"][:20])


@pytest.mark.parametrize(
    ("extra", "exclude", "says"),
    [(["nope"], [], "extra column nope"), ([], ["cupons"], "exclude: cupons is no feature")],
)
def test_a_name_that_means_nothing_is_refused(
    extra: list[str], exclude: list[str], says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        Table(make_matrix(), extra=extra, exclude=exclude)


def test_without_device_and_ip_nothing_of_either_is_left() -> None:
    kept = [f.name for f in CATALOGUE if not _excluded(f.name, f.group, ["ip", "device"])]
    assert "phone_orders_ever" in kept
    assert not [name for name in kept if {"ip", "device", "devices"} & set(name.split("_"))]
    assert not [name for name in kept if name.startswith("linked")]


def test_without_email_the_name_and_the_rest_of_the_phone_stay() -> None:
    kept = {f.name for f in CATALOGUE if not _excluded(f.name, f.group, ["email"])}
    assert {"name_dummy", "phone_devices", "linked_rto", "address_phones"} <= kept
    assert not [name for name in kept if "email" in name]
