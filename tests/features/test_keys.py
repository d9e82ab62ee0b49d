"""Keys: one person's values in one form, one merchant's apart from another's, nothing readable."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.keys import (
    ABSENT,
    ADDRESS,
    ALT_PHONE,
    CUSTOMER,
    EMAIL,
    FIRST_NET_KIND,
    FIRST_NET_SLOT,
    PHONE,
    RECEIVER,
    WHERE_KINDS,
    WHO_SLOTS,
    Hasher,
    Keys,
    keys_of,
    normal_address,
    person_of,
)
from features.order import Order
from features.place import NOWHERE

SECRET = b"a secret of the tests, 32 bytes.."
HASHER = Hasher([SECRET])


def order(**fields: object) -> Order:
    return Order(merchant_id="m", order_id="1", created_us=0, **fields)  # type: ignore[arg-type]


def who(given: Order) -> list[int]:
    return [int(key) for key in keys_of(given, NOWHERE, HASHER).who]


@given(value=st.text(max_size=80), secret=st.binary(max_size=100))
def test_a_key_is_the_hmac_of_its_text_cut_to_64_bits(value: str, secret: bytes) -> None:
    text = f"phone\x1fm\x1f{value}".encode("utf-8", "surrogatepass")
    expected = int.from_bytes(hmac.digest(secret, text, "sha256")[:8], "little", signed=True)
    assert Hasher([secret])("phone", "m", value) == expected


def test_a_rotated_key_is_the_hmac_of_the_stored_one() -> None:
    old = HASHER("email", "m", "asha@example.com")
    cut = hmac.digest(b"new", old.to_bytes(8, "little", signed=True), "sha256")[:8]
    rotated = Hasher([SECRET, b"new"])("email", "m", "asha@example.com")
    assert rotated == int.from_bytes(cut, "little", signed=True)


def test_a_hasher_without_a_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="secret"):
        Hasher([])


def test_spellings_of_one_phone_share_a_key() -> None:
    assert who(order(phone="098765 43210"))[PHONE] == who(order(phone="+919876543210"))[PHONE]


def test_a_receivers_phone_is_counted_only_where_it_differs() -> None:
    same = order(phone="+919876543210", ship_phone="98765 43210")
    other = order(phone="+919876543210", ship_phone="+919000000001")
    assert who(same)[RECEIVER] == ABSENT
    assert who(other)[RECEIVER] == who(order(phone="9000000001"))[PHONE]


def test_merchants_are_kept_apart() -> None:
    mine = order(phone="9876543210", sku="A", pincode="560034", category="kurta")
    theirs = keys_of(mine._replace(merchant_id="n"), NOWHERE, HASHER)
    ours = keys_of(mine, NOWHERE, HASHER)
    for left, right in ((ours.who, theirs.who), (ours.where, theirs.where)):
        present = set(left) - {ABSENT}
        assert present
        assert present.isdisjoint(right)


def test_an_unknown_value_has_no_key() -> None:
    keys = keys_of(order(), NOWHERE, HASHER)
    assert not any(keys.who)
    known = {kind for kind, key in zip(WHERE_KINDS, keys.where, strict=True) if key}
    assert known == {"merchant", "payment_mode"}


def test_an_address_is_read_without_case_blanks_and_punctuation() -> None:
    typed = order(address_line1="Flat 12-B, Lake View", pincode="560034")
    again = order(address_line1="FLAT 12B", address_line2="lake view.", pincode="560034")
    assert normal_address(typed) == normal_address(again)
    assert normal_address(order(landmark="near SBI")) is None


def test_addresses_in_hindi_keep_their_vowels() -> None:
    assert normal_address(order(address_line1="कल")) != normal_address(order(address_line1="काली"))


def test_a_person_is_the_first_of_phone_email_customer_and_address() -> None:
    whole = order(phone="9876543210", email="a@example.com", customer_id="c", address_line1="x 1")
    keys = keys_of(whole, NOWHERE, HASHER)
    left = list(keys.who)
    for slot in (PHONE, EMAIL, CUSTOMER, ADDRESS):
        assert person_of(Keys(left, keys.where), 7) == left[slot]
        left[slot] = ABSENT
    assert person_of(Keys(left, keys.where), 7) == 7


@given(
    texts=st.lists(st.text(max_size=60) | st.none(), min_size=8, max_size=8),
)
def test_no_text_is_too_odd_for_a_key(texts: list[str | None]) -> None:
    names = ("phone", "email", "device_id", "ip", "customer_id", "address_line1", "city", "sku")
    keys = keys_of(order(**dict(zip(names, texts, strict=True))), NOWHERE, HASHER)
    assert len(keys.who) == len(WHO_SLOTS)


@given(text=st.text(max_size=60) | st.text(st.characters(max_codepoint=127), max_size=60))
def test_plain_addresses_are_cut_as_all_others(text: str) -> None:
    """A letter of another script turns off the quick way; what is left of the rest is the same."""
    quick, whole = (normal_address(order(address_line1=line)) for line in (text, "ऊ" + text))
    assert whole == f"ऊ{quick or '|'}"


def test_a_merchant_who_does_not_share_has_no_key_of_the_network() -> None:
    given = order(phone="+919000000001", email="a@example.com", state="Goa", pincode="403001")
    keys = keys_of(given, NOWHERE, HASHER)
    assert not any(keys.who[FIRST_NET_SLOT:])
    assert not any(keys.where[FIRST_NET_KIND:])


def test_who_shares_meets_the_same_person_and_place_of_other_merchants() -> None:
    given = order(phone="+919000000001", email="a@example.com", state="Goa", pincode="403001")
    mine = keys_of(given, NOWHERE, HASHER, shares=True)
    theirs = keys_of(given._replace(merchant_id="n"), NOWHERE, HASHER, shares=True)
    shared = mine.who[FIRST_NET_SLOT:]
    assert (shared, mine.where[FIRST_NET_KIND:]) == (
        theirs.who[FIRST_NET_SLOT:],
        theirs.where[FIRST_NET_KIND:],
    )
    assert sum(key != ABSENT for key in shared) == 2
    assert set(shared[:2]).isdisjoint(mine.who[:FIRST_NET_SLOT])


def test_an_alternative_phone_is_counted_only_where_it_is_another() -> None:
    same = order(phone="+919000000001", ship_phone="+919000000002", alt_phone="90000 00002")
    other = same._replace(alt_phone="90000 00003")
    assert who(same)[ALT_PHONE] == ABSENT
    assert who(other)[ALT_PHONE] == who(order(phone="+919000000003"))[PHONE]
