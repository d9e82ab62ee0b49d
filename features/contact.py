"""Whether the customer can be reached: phone, email and name as typed, buyer against receiver."""

from __future__ import annotations

from math import nan

from features.email import Email, domain_kind, read_email
from features.feature import Feature
from features.gibberish import open_surprise, read_noise
from features.keyboard import is_keyboard_walk
from features.latin import SMALL_LETTERS
from features.name import Name, name_similarity, read_name
from features.order import Order
from features.phone import Phone, national_digits, read_phone, shape_of

_NO_PHONE = "NaN without a valid number"
_NO_EMAIL = "NaN without an email"
_SHORTEST_WORD = 3
_DUMMY_LOCALS = frozenset(
    {"test", "testing", "abc", "abcd", "xyz", "asd", "qwe", "na", "no", "none", "null", "noemail"}
    | {"nomail", "noreply", "email", "mail", "user", "customer", "guest", "dummy", "fake", "demo"}
    | {"a", "aa", "aaa", "x", "xx", "xxx", "example", "name", "abcxyz", "info", "admin", "hello"}
)


def _phone(name: str, unit: str, says: str, reason: str = "invalid_phone") -> Feature:
    return Feature(name, unit, reason, says, "phone", text=True)


def _email(name: str, unit: str, reason: str, says: str) -> Feature:
    return Feature(name, unit, reason, f"{says}; {_NO_EMAIL}.", "email", text=True)


def _receiver(name: str, unit: str, reason: str, says: str) -> Feature:
    return Feature(name, unit, reason, says, "receiver", text=True)


def _name(name: str, says: str) -> Feature:
    said = f"{says}, else 0; NaN without both."
    return Feature(name, "flag", "dummy_name_detected", said, "name", text=True)


FEATURES: tuple[Feature, ...] = (
    _phone(
        "phone_invalid",
        "flag",
        "1 when no number the field holds can be dialled, else 0; the receiver's field where the "
        "buyer's is empty; NaN when both are.",
    ),
    _phone(
        "phone_dummy",
        "flag",
        "1 for a made-up number: eight digits in a row equal or counting, or one pattern of two or "
        f"five repeated, else 0; {_NO_PHONE}.",
    ),
    _phone(
        "phone_distinct_digits",
        "count",
        f"Different digits among the national ones, 1 to 10; {_NO_PHONE}.",
    ),
    _phone("phone_longest_repeat", "count", f"Longest run of one digit; {_NO_PHONE}."),
    _phone(
        "phone_longest_sequence",
        "count",
        f"Longest run of digits counting up or down, 9 and 0 being neighbours; {_NO_PHONE}.",
    ),
    _phone(
        "phone_not_mobile",
        "flag",
        f"1 for a landline or service number of India, else 0; {_NO_PHONE} and for foreign ones.",
    ),
    _phone("phone_foreign", "flag", f"1 for a number outside India, else 0; {_NO_PHONE}."),
    _phone(
        "phone_leading_digit",
        "code",
        f"First digit of an Indian mobile number, 6 to 9; {_NO_PHONE} and for others.",
        "contact_signals",
    ),
    _phone(
        "phone_numbers",
        "count",
        f"Different valid numbers in the field; {_NO_PHONE}.",
        "contact_signals",
    ),
    _phone(
        "alt_phone_given",
        "flag",
        "1 when an alternative number is given that is valid and another one, else 0; NaN without "
        "a first valid number.",
        "contact_signals",
    ),
    _receiver(
        "receiver_phone_differs",
        "flag",
        "different_receiver",
        "1 when buyer's and receiver's numbers differ, else 0; NaN unless both are valid.",
    ),
    _receiver(
        "receiver_phone_invalid",
        "flag",
        "invalid_phone",
        "1 when the receiver's number cannot be dialled, else 0; NaN when the field is empty.",
    ),
    _receiver(
        "receiver_name_similarity",
        "share",
        "different_receiver",
        "Likeness of buyer's and receiver's names, 0 to 1, whatever script and order of words; NaN "
        "unless both have letters.",
    ),
    _email(
        "email_invalid",
        "flag",
        "invalid_email_address",
        "1 when the part before the at-sign cannot be one or the sign is missing, else 0",
    ),
    _email(
        "email_domain_invalid",
        "flag",
        "invalid_email_domain",
        "1 when the part after the at-sign cannot be a domain, is a known misspelling of a "
        "mailbox provider or is nobody's (example.com), else 0",
    ),
    _email(
        "email_disposable",
        "flag",
        "potential_fraud_email",
        "1 for a domain on the package's own short list of throw-away mailboxes, else 0",
    ),
    _email(
        "email_free",
        "flag",
        "contact_signals",
        "1 for a public mailbox provider such as gmail.com, else 0",
    ),
    _email(
        "email_dummy",
        "flag",
        "potential_fraud_email",
        "1 when the part before the at-sign is a placeholder (test, abc) or a keyboard stroke, "
        "else 0",
    ),
    _email(
        "email_length",
        "count",
        "short_email",
        "Characters before the at-sign, 0 without an at-sign",
    ),
    _email(
        "email_digit_share",
        "share",
        "potential_fraud_email",
        "Share of digits before the at-sign, 0 when nothing stands there",
    ),
    _email(
        "email_tagged", "flag", "potential_fraud_email", "1 with a +tag before the at-sign, else 0"
    ),
    _email(
        "email_is_phone",
        "flag",
        "contact_signals",
        "1 when the order's phone number stands before the at-sign, else 0, also without a phone",
    ),
    _email(
        "email_gibberish",
        "nats",
        "gibberish_detected_in_email",
        "Mean surprise of the letters before the at-sign under the character model: about 2.5 for "
        "Indian words, above 4 for keyboard noise; NaN also below three letters",
    ),
    _email(
        "email_name_match",
        "share",
        "contact_signals",
        "Share of the letters of the name's words (three letters and more) that stand before the "
        "at-sign, 0 to 1; NaN also without such a word",
    ),
    _name("name_dummy", "1 when buyer's or receiver's name is a placeholder such as test or asdf"),
    _name(
        "name_gibberish",
        "1 when a word of buyer's or receiver's name is keyboard noise to the character model or a "
        "key was held down",
    ),
    _name("name_has_digit", "1 when buyer's or receiver's name holds a digit"),
)
"""In the order of ``signals``."""

_UNKNOWN_EMAIL = (nan,) * 11


def signals(order: Order) -> tuple[float, ...]:
    """Phone, email and name of an order, as numbers.

    Parameters
    ----------
    order : Order
        Text as the customer typed it, in any script and of any length.

    Returns
    -------
    tuple of float, shape (len(FEATURES),)
        NaN is unknown.
    """
    phone = read_phone(order.phone or order.ship_phone)
    buyer = read_name(order.customer_name)
    same = order.ship_name == order.customer_name
    receiver = buyer if same else read_name(order.ship_name)
    return (
        *_of_phone(phone, order),
        *_of_receiver(phone, order),
        name_similarity(buyer, receiver),
        *_of_email(read_email(order.email), phone, buyer or receiver),
        *_of_names(buyer, receiver),
    )


def _of_phone(phone: Phone, order: Order) -> tuple[float, ...]:
    if phone.e164 is None:
        typed = order.phone or order.ship_phone
        return (1.0 if typed else nan, *(nan,) * 9)
    shape = shape_of(phone.e164)
    indian, mobile = phone.indian, phone.mobile
    other = read_phone(order.alt_phone).e164 if order.alt_phone else None
    return (
        0.0,
        float(shape.dummy),
        float(shape.distinct),
        float(shape.repeat),
        float(shape.sequence),
        float(not mobile) if indian else nan,
        float(not indian),
        float(phone.e164[3]) if mobile else nan,
        float(phone.numbers),
        float(other is not None and other != phone.e164),
    )


def _of_receiver(phone: Phone, order: Order) -> tuple[float, float]:
    differs = invalid = nan
    if order.ship_phone:
        receiver = phone if order.ship_phone == order.phone else read_phone(order.ship_phone)
        invalid = float(receiver.e164 is None)
        if order.phone and phone.e164 and receiver.e164:
            differs = float(receiver.e164 != phone.e164)
    return differs, invalid


def _of_email(email: Email | None, phone: Phone, name: Name | None) -> tuple[float, ...]:
    if email is None:
        return _UNKNOWN_EMAIL
    local = email.local if email.domain else ""
    kind = domain_kind(email.domain)
    written = local.encode("ascii", "replace")
    digits = len(written) - len(written.translate(None, b"0123456789"))
    words = written.translate(SMALL_LETTERS).decode().split()
    letters = "".join(words)
    return (
        float(not email.local_valid),
        float(not email.domain_valid or kind in ("typo", "placeholder")),
        float(kind == "disposable"),
        float(kind == "free"),
        float(letters in _DUMMY_LOCALS or is_keyboard_walk(letters)),
        float(len(local)),
        digits / len(local) if local else 0.0,
        float("+" in local),
        float(digits >= 7 and phone.e164 is not None and national_digits(phone.e164) in local),
        _surprise(words) if len(letters) >= _SHORTEST_WORD else nan,
        _name_match(letters, name),
    )


def _surprise(words: list[str]) -> float:
    return read_noise(" ".join(words), open_surprise()).surprise


def _name_match(letters: str, name: Name | None) -> float:
    """Share of the letters of the name's words that stand in the email's letters."""
    if name is None:
        return nan
    found = whole = 0
    for word in name.latin.split():
        length = len(word)
        if length >= _SHORTEST_WORD:
            whole += length
            found += length if word in letters else 0
    return found / whole if whole else nan


def _of_names(buyer: Name | None, receiver: Name | None) -> tuple[float, float, float]:
    one, other = buyer or receiver, receiver or buyer
    if one is None or other is None:
        return nan, nan, nan
    return (
        float(one.dummy or other.dummy),
        float(one.gibberish or other.gibberish),
        float(one.digit or other.digit),
    )
