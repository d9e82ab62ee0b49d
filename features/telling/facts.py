"""The plain facts of an order in a few words, each raising ``UnknownError`` where it is unknown."""

from __future__ import annotations

import math
from math import expm1

from features.telling.sight import Sight, UnknownError, counted

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FAR_DAYS = 60


def none(_: Sight) -> str:
    """Nothing is told of what may hold anything, or of other stores' customers."""
    raise UnknownError


def length(seen: Sight) -> str:
    """Characters and words of the address."""
    words = counted(seen.known("address_words"), "word")
    return f"{counted(seen.known('address_length'), 'character')}, {words} of address"


def completeness(seen: Sight) -> str:
    """The grade of completeness."""
    return f"{seen.known('address_completeness'):.0%} of the parts a courier needs are there"


def detail(seen: Sight) -> str:
    """Street and landmark."""
    street, landmark = seen.known("address_has_street"), seen.known("address_has_landmark")
    if street and landmark:
        return "Street and landmark are named"
    return "A street is named, no landmark" if street else "A landmark is named, no street"


def building(seen: Sight) -> str:
    """House number and building."""
    house, named = seen.known("address_has_house_number"), seen.known("address_has_building")
    if house and named:
        return "House number and building are named"
    return "A house number is given" if house else "A building is named, no house number"


def wording(seen: Sight) -> str:
    """How the address reads."""
    seen.known("address_gibberish")
    noise = seen.value("address_noise")
    return f"{noise:.0%} of the letters read like noise" if noise > 0 else "Reads like an address"


def no_placeholder(seen: Sight) -> str:
    """That the address is none."""
    seen.known("address_dummy")
    return "The address is no placeholder"


def characters(seen: Sight) -> str:
    """That no character is odd."""
    seen.known("address_invalid_characters")
    return "No unusual characters in the address"


def locality(seen: Sight) -> str:
    """That the locality fits."""
    seen.known("address_locality")
    return "A locality of the pincode is named"


def pincode_fit(seen: Sight) -> str:
    """That no other pincode is meant."""
    seen.known("pincode_slip")
    return "No other pincode fits the address better"


def city_fit(seen: Sight) -> str:
    """That city and pincode agree."""
    seen.known("pincode_city_fit")
    return "City and pincode agree"


def state_fit(seen: Sight) -> str:
    """Whether state and pincode agree, or were once one state."""
    same = seen.known("pincode_state_fit") == 1
    return "State and pincode agree" if same else "State and pincode were once one state"


def six_digits(seen: Sight) -> str:
    """That the pincode is complete."""
    seen.known("pincode_complete")
    return "The pincode has six digits"


def known_pincode(seen: Sight) -> str:
    """That the pincode exists."""
    seen.known("pincode_known")
    return "India Post knows the pincode"


def distance(seen: Sight) -> str:
    """How far the parcel travels."""
    return f"{seen.known('origin_km'):,.0f} km from the warehouse"


def remoteness(seen: Sight) -> str:
    """How far the nearest head post office is."""
    return f"{seen.known('pincode_head_km'):,.0f} km to the nearest head post office"


def delivery(seen: Sight) -> str:
    """That India Post delivers."""
    seen.known("pincode_delivers")
    return "India Post delivers there"


def phone(seen: Sight) -> str:
    """That the number could ring."""
    seen.known("phone_invalid")
    if seen.is_set("phone_foreign"):
        return "A number outside India"
    return "A landline number" if seen.is_set("phone_not_mobile") else "A mobile number of India"


def name(seen: Sight) -> str:
    """What is odd about the name, if anything."""
    seen.known("name_dummy")
    return "The name holds a digit" if seen.is_set("name_has_digit") else "An ordinary name"


def email_form(seen: Sight) -> str:
    """That the email address could be one."""
    seen.known("email_invalid")
    return "The email address has the right form"


def email_domain(seen: Sight) -> str:
    """That its domain could be one."""
    seen.known("email_domain_invalid")
    return "The email domain has the right form"


def email_length(seen: Sight) -> str:
    """Characters of its name."""
    return f"{counted(seen.known('email_length'), 'character')} before the at-sign"


def email_digits(seen: Sight) -> str:
    """Digits of its name."""
    return f"{seen.known('email_digit_share'):.0%} digits before the at-sign"


def email_wording(seen: Sight) -> str:
    """How its name reads."""
    seen.known("email_gibberish")
    return "The email name reads like words"


def contacts(seen: Sight) -> str:
    """How many numbers there are."""
    second = seen.known("alt_phone_given")
    return "A second phone number is given" if second else "One phone number is given"


def receiver(seen: Sight) -> str:
    """How alike buyer and receiver are."""
    if seen.is_clear("receiver_phone_differs"):
        return "Buyer and receiver have one phone number"
    return f"Names of buyer and receiver are {seen.known('receiver_name_similarity'):.0%} alike"


def identities(seen: Sight) -> str:
    """How many others share the phone."""
    devices, addresses = seen.known("phone_devices"), seen.known("phone_addresses")
    others = f"{counted(devices, 'device')}, {addresses:.0f} address"
    return f"{others}{'' if addresses == 1 else 'es'} in this phone's earlier orders"


def device(seen: Sight) -> str:
    """The system, and whether an app stood in between."""
    seen.known("device_android")
    inside = ", inside an app" if seen.is_set("device_in_app") else ""
    if seen.is_set("device_android"):
        version = seen.value("device_android_version")
        return ("Android" if math.isnan(version) else f"Android {version:.0f}") + inside
    if seen.is_set("device_ios"):
        return f"iPhone or iPad{inside}"
    return "A computer" if seen.is_set("device_desktop") else "Another kind of device"


def payment(seen: Sight) -> str:
    """That it is not all paid at the door."""
    seen.known("payment_prepaid")
    if seen.is_set("payment_partial_cod"):
        return "A part is paid ahead"
    return "Paid in advance"


def amount(seen: Sight) -> str:
    """Rupees, and how many times the store's usual."""
    rupees, times = expm1(seen.known("amount_log")), seen.value("merchant_amount_ratio_90d")
    usual = "" if math.isnan(times) else f", {times:.1f} times the store's usual"
    return f"₹{rupees:,.0f}{usual}"


def discount(seen: Sight) -> str:
    """The share taken off."""
    return f"{seen.known('discount_share'):.0%} taken off"


def items(seen: Sight) -> str:
    """Units and lines."""
    lines = seen.value("line_count")
    units = counted(seen.known("unit_count"), "unit")
    return units if math.isnan(lines) else f"{units} in {counted(lines, 'line')}"


def last_hour(seen: Sight) -> str:
    """Orders within the hour."""
    return _lately(seen.known("phone_orders_1h"), "hour")


def last_day(seen: Sight) -> str:
    """Orders within the day."""
    return _lately(seen.known("phone_orders_1d"), "day")


def _lately(orders: float, span: str) -> str:
    number = counted(orders, "other order") if orders else "No other order"
    return f"{number} of this phone within the last {span}"


def season(seen: Sight) -> str:
    """Days to the next festival."""
    days = seen.known("days_to_festival")
    if days == 0:
        return "Placed during a festival"
    more = " or more" if days >= _FAR_DAYS else ""
    return (
        f"{days:.0f}{more} days before the next festival" if days > 1 else "The eve of a festival"
    )


def time_of_order(seen: Sight) -> str:
    """Weekday and time of day in India."""
    minutes = int(seen.known("order_hour") * 60 + 1e-3) % 1440
    weekday = _WEEKDAYS[int(seen.known("order_weekday")) % 7]
    return f"Placed on a {weekday} at {minutes // 60:02d}:{minutes % 60:02d} in India"


def promise(seen: Sight) -> str:
    """Days to the promised delivery."""
    return f"Delivery promised in {counted(round(seen.known('promised_days')), 'day')}"
