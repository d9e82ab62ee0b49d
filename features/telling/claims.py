"""What a code claims of the order itself: when that holds, and the plain fact where it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from features.address_findings import (
    COMPLETE_ENOUGH,
    FITTING_LOCALITY,
    GIBBERISH_NATS,
    SHORT_CHARACTERS,
    SHORT_WORDS,
)
from features.reasons import REASONS
from features.telling import facts
from features.telling.sight import Sight, Telling, UnknownError

_NEVER: Mapping[str, float] = {}


class Claim(NamedTuple):
    """A topic for the unknown, the fact, and the bounds any of which bears the code's sentence out.

    ``together`` names flags that must all be 0 for the sentence.
    """

    topic: str
    fact: Callable[[Sight], str]
    below: Mapping[str, float] = _NEVER
    above: Mapping[str, float] = _NEVER
    together: tuple[str, ...] = ()


CLAIMS = {
    "short_shipping_address": Claim("Length of the address", facts.length, {"address_length": SHORT_CHARACTERS, "address_words": SHORT_WORDS}),
    "incomplete_shipping_address": Claim("Completeness of the address", facts.completeness, {"address_completeness": COMPLETE_ENOUGH}),
    "address_is_less_detailed": Claim("Street and landmark in the address", facts.detail, together=("address_has_street", "address_has_landmark")),
    "gibberish_detected_in_address": Claim("Wording of the address", facts.wording, above={"address_gibberish": GIBBERISH_NATS}),
    "dummy_address_detected": Claim("Kind of address", facts.no_placeholder, above={"address_dummy": 0.5}),
    "address_contains_invalid_characters": Claim("Characters of the address", facts.characters, above={"address_invalid_characters": 0}),
    "address_building_name_absent": Claim("House and building in the address", facts.building, together=("address_has_house_number", "address_has_building")),
    "address_locality_name_absent": Claim("Locality named in the address", facts.locality, {"address_locality": FITTING_LOCALITY}),
    "address_incorrect_pincode": Claim("Pincode and address together", facts.pincode_fit, above={"address_other_pincode": 0, "pincode_slip": 0}),
    "address_pincode_city_mismatch": Claim("City and pincode together", facts.city_fit, {"pincode_city_fit": 0.01}),
    "address_pincode_state_mismatch": Claim("State and pincode together", facts.state_fit, {"pincode_state_fit": 0.01}),
    "incomplete_pincode": Claim("Pincode not given", facts.six_digits, {"pincode_complete": 0.5}),
    "invalid_pincode": Claim("Pincode in India Post's directory", facts.known_pincode, {"pincode_known": 0.5}),
    "far_from_origin": Claim("Distance from the warehouse not known", facts.distance, above={"origin_km": 1000}),
    "remote_area": Claim("How remote the place is", facts.remoteness, above={"pincode_head_km": 40}),
    "non_delivery_post_office": Claim("Delivery by India Post", facts.delivery, {"pincode_delivers": 0.5}),
    "invalid_phone": Claim("Phone number not given", facts.phone, above={"phone_invalid": 0.5, "phone_dummy": 0.5, "receiver_phone_invalid": 0.5}),
    "dummy_name_detected": Claim("Name not given", facts.name, above={"name_dummy": 0.5, "name_gibberish": 0.5}),
    "invalid_email_address": Claim("Email address not given", facts.email_form, above={"email_invalid": 0.5}),
    "invalid_email_domain": Claim("Email address not given", facts.email_domain, above={"email_domain_invalid": 0.5}),
    "short_email": Claim("Email address not given", facts.email_length, {"email_length": 5}),
    "potential_fraud_email": Claim("Email address not given", facts.email_digits, above={"email_disposable": 0.5, "email_dummy": 0.5}),
    "gibberish_detected_in_email": Claim("Wording of the email name", facts.email_wording, above={"email_gibberish": GIBBERISH_NATS}),
    "contact_signals": Claim("Kind of contact details", facts.contacts),
    "different_receiver": Claim("Buyer and receiver", facts.receiver, above={"receiver_phone_differs": 0.5}),
    "many_identities": Claim("Phones, devices and addresses used together", facts.identities, above={"phone_devices": 3, "phone_addresses": 3, "device_phones": 2, "address_phones": 3}),
    "device_signals": Claim("Device not given", facts.device, above={"device_script": 0.5}),
    "cod_order": Claim("How the order is paid is not given", facts.payment, above={"payment_cod": 0.5}),
    "high_order_amount": Claim("Amount not given", facts.amount, above={"merchant_amount_ratio_90d": 2, "phone_amount_ratio": 2, "category_amount_ratio_90d": 2}),
    "order_discount": Claim("Discount not given", facts.discount),
    "order_items": Claim("Number of items not given", facts.items),
    "high_purchase_amount_in_an_hour": Claim("Orders within the last hour", facts.last_hour, above={"phone_orders_1h": 1, "device_orders_1h": 1}),
    "high_purchase_amount_in_a_day": Claim("Orders within the last day", facts.last_day, above={"phone_orders_1d": 1, "device_orders_1d": 1, "address_orders_1d": 1}),
    "order_placed_during_high_rto_period": Claim("Season of the order", facts.season),
    "order_time": Claim("Time of day, week and month", facts.time_of_order),
    "delivery_promise": Claim("No delivery day promised", facts.promise, above={"promised_days": 7}),
    "known_in_network": Claim("What other stores know", facts.none),
    "order_details": Claim("Further details of the order", facts.none),
}  # fmt: skip


def claim_of(code: str, seen: Sight) -> Telling:
    """The code's own sentence where the order bears it out, else the fact, else its topic."""
    claim = CLAIMS[code]
    if _holds(claim, seen):
        return Telling(REASONS[code].text, holds=True)
    try:
        return Telling(claim.fact(seen), holds=False)
    except UnknownError:
        return Telling(claim.topic, holds=False)


def _holds(claim: Claim, seen: Sight) -> bool:
    return (
        any(seen.value(name) < bound for name, bound in claim.below.items())
        or any(seen.value(name) > bound for name, bound in claim.above.items())
        or (bool(claim.together) and all(map(seen.is_clear, claim.together)))
    )
