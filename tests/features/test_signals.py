"""What every module of signals promises to the catalogue."""

from __future__ import annotations

from types import ModuleType

import pytest

from features import basket, calendar, contact, device
from features.order import Order
from features.reasons import REASONS

MODULES = (contact, basket, calendar, device)
GROUPS = {
    contact: {"phone", "receiver", "email", "name"},
    basket: {"payment", "amount", "discount", "items", "delivery", "channel"},
    calendar: {"calendar"},
    device: {"device", "ip"},
}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.__name__))
def test_signals_and_features_are_as_many_and_in_one_order(module: ModuleType) -> None:
    values = module.signals(Order(merchant_id="m", order_id="1", created_us=0))
    assert len(values) == len(module.FEATURES)
    assert all(type(value) is float for value in values)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.__name__))
def test_every_feature_has_a_public_reason_a_group_and_its_edges(module: ModuleType) -> None:
    for feature in module.FEATURES:
        assert feature.reason in REASONS, feature.name
        assert feature.group in GROUPS[module], feature.name
        assert feature.says.endswith("."), feature.name
        assert "NaN" in feature.says or "always known" in feature.says, feature.name
        assert feature.text == (module in (contact, device)), feature.name


def test_no_two_features_share_a_name() -> None:
    names = [feature.name for module in MODULES for feature in module.FEATURES]
    assert len(names) == len(set(names))
