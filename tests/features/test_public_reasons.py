"""Every reason of the one published list is known here by something, and the table says by what."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from features.catalogue import CATALOGUE

README = Path(__file__).resolve().parents[2] / "features" / "README.md"
LISTS = "the merchant's lists, which decide before the model and train nothing"
FEATURES = {feature.name for feature in CATALOGUE}

# Razorpay RTO Intelligence, the keys in public use, read 2026-11-23.
_KEYS = """
rto_prone_phone rto_prone_email rto_prone_ip rto_prone_device rto_prone_pincode rto_prone_city
rto_prone_area cod_prone_phone cod_prone_email cod_prone_device cod_prone_pincode cod_prone_city
return_prone_pincode returns_prone_city returns_prone_state short_shipping_address
incomplete_shipping_address gibberish_detected_in_address dummy_address_detected
dummy_name_detected address_is_less_detailed address_contains_invalid_characters
address_building_name_absent address_locality_name_absent address_incorrect_pincode
address_pincode_city_mismatch address_pincode_state_mismatch incomplete_pincode invalid_pincode
invalid_phone invalid_email_address invalid_email_domain short_email potential_fraud_email
gibberish_detected_in_email customer_phone_blocklisted customer_email_blocklisted
customer_ip_blocklisted customer_pincode_blocklisted new_customer_on_your_store
high_purchase_amount_in_an_hour high_purchase_amount_in_a_day order_placed_during_high_rto_period
"""
PUBLIC = tuple(_KEYS.split())


def table() -> dict[str, str]:
    text = README.read_text(encoding="utf-8").partition("## Every public reason")[2]
    text = text.partition("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", text, re.MULTILINE))


def test_the_table_holds_every_public_reason_and_no_other() -> None:
    assert set(table()) == set(PUBLIC)


@pytest.mark.parametrize("code", PUBLIC)
def test_every_public_reason_is_known_by_a_feature_or_decided_by_lists(code: str) -> None:
    if code.endswith("_blocklisted"):
        assert table()[code] == LISTS
        return
    named = re.findall(r"`(\w+)`", table()[code])
    assert named
    assert set(named) <= FEATURES
