"""The catalogue's entries for the address: its text, its pincode and the place it names."""

from __future__ import annotations

from features.feature import Feature


def _text(name: str, unit: str, reason: str, says: str) -> Feature:
    return Feature(name, unit, reason, says, group="address", text=True)


def _map(name: str, unit: str, reason: str, says: str) -> Feature:
    return Feature(name, unit, reason, says, group="place")


FEATURES: tuple[Feature, ...] = (
    _text(
        "address_length", "characters", "short_shipping_address",
        "Characters of both address lines and the landmark, at most 500; NaN without any.",
    ),
    _text(
        "address_words", "count", "short_shipping_address",
        "Words of the address text; 0 when it holds neither letter nor digit, NaN without text.",
    ),
    _text(
        "address_distinct_words", "share", "address_is_less_detailed",
        "Share of its words that are different; low when a line is repeated, NaN without words.",
    ),
    _text(
        "address_numbers", "count", "address_building_name_absent",
        "Words with one to five digits (house, street, floor numbers); NaN without text.",
    ),
    _text(
        "address_has_house_number", "flag", "address_building_name_absent",
        "A number among the first four words, or anywhere with a word such as flat, plot, door.",
    ),
    _text(
        "address_has_building", "flag", "address_building_name_absent",
        "A word for a building or institution (apartment, tower, school); NaN without text.",
    ),
    _text(
        "address_has_street", "flag", "address_is_less_detailed",
        "A word for a street or settlement (road, gali, nagar, sector, village); NaN without text.",
    ),
    _text(
        "address_has_landmark", "flag", "address_is_less_detailed",
        "A landmark field, or a word such as near, opposite, behind; NaN without text.",
    ),
    _text(
        "address_completeness", "share", "incomplete_shipping_address",
        "Weighted share of the parts a courier needs that are named, 0 to 1; NaN without text.",
    ),
    _text(
        "address_gibberish", "nats", "gibberish_detected_in_address",
        "Mean surprise per letter under the character model (real text about 2, keyboard noise"
        " above 4); NaN without letters or mostly in another script.",
    ),
    _text(
        "address_gibberish_worst", "nats", "gibberish_detected_in_address",
        "The same for its worst word of four letters or more; NaN without one.",
    ),
    _text(
        "address_noise", "share", "gibberish_detected_in_address",
        "Share of its letters in words that read like noise (over 4 nats); NaN without letters.",
    ),
    _text(
        "address_longest_word", "characters", "gibberish_detected_in_address",
        "Length of the longest word; 0 without words, NaN without text.",
    ),
    _text(
        "address_dummy", "flag", "dummy_address_detected",
        "Placeholder words only (test, abc, same as above), digits only, or one or two letters"
        " repeated; NaN without text.",
    ),
    _text(
        "address_invalid_characters", "share", "address_contains_invalid_characters",
        "Share of characters that no address needs (emoji, control and drawing signs; letters of"
        " any script are fine); NaN without text.",
    ),
    _text(
        "address_other_pincode", "flag", "address_incorrect_pincode",
        "The text holds pincodes and none of them is the order's; 0 when it holds none.",
    ),
    _text(
        "address_locality", "share", "address_locality_name_absent",
        "1 when a locality of the pincode is named, .8 to 1 nearly, 0 not; NaN without text or for"
        " an unknown pincode.",
    ),
    _map(
        "pincode_complete", "flag", "incomplete_pincode",
        "Six digits, the first not 0; NaN without a pincode.",
    ),
    _map(
        "pincode_known", "flag", "invalid_pincode",
        "India Post has an office with it; NaN unless it is complete.",
    ),
    _text(
        "pincode_state_fit", "share", "address_pincode_state_mismatch",
        "1 when the state typed is the pincode's, .5 when one was part of the other, 0 when"
        " another; NaN when either is unknown.",
    ),
    _text(
        "pincode_city_fit", "share", "address_pincode_city_mismatch",
        "1 when the city typed is the pincode's or near it, .84 to 1 when spelled nearly so, 0 when"
        " it lies elsewhere; NaN when the directory does not know it.",
    ),
    _text(
        "pincode_city_km", "km", "address_pincode_city_mismatch",
        "From the pincode to the nearest place with the city's name, 0 for its own; NaN unknown.",
    ),
    _text(
        "pincode_slip", "flag", "address_incorrect_pincode",
        "The pincode does not fit and another one slip away fits city and state; NaN without one.",
    ),
    _map(
        "origin_km", "km", "far_from_origin",
        "Great-circle distance from the origin pincode; NaN when either is unknown.",
    ),
    _map(
        "origin_zone", "code", "far_from_origin",
        "0 same district, 1 same state or 500 km, 2 metro to metro, 3 rest of India, 4 north-east,"
        " Jammu and Kashmir, Ladakh, islands; NaN when either end is unknown.",
    ),
    _map(
        "pincode_delivers", "flag", "non_delivery_post_office",
        "Any of its post offices delivers; NaN for an unknown pincode.",
    ),
    _map(
        "pincode_offices", "count", "remote_area",
        "Post offices with this pincode; NaN for an unknown pincode.",
    ),
    _map(
        "pincode_branch_share", "share", "remote_area",
        "Share of village branch offices among them; NaN for an unknown pincode.",
    ),
    _map(
        "pincode_head_km", "km", "remote_area",
        "From the pincode's median office to the nearest head post office; NaN unknown.",
    ),
    _map(
        "pincode_district_km", "km", "remote_area",
        "From the pincode to the median pincode of its district; NaN for an unknown pincode.",
    ),
    _map(
        "pincode_tier", "code", "remote_area",
        "1 within 30 km of a class X city's centre, 2 within 15 km of a class Y one's, else 3"
        " (Ministry of Finance, 2017); NaN for an unknown pincode.",
    ),
    _map(
        "pincode_latitude", "degrees", "rto_prone_area",
        "Of the pincode's median office, or of its neighbours in number; NaN unknown.",
    ),
    _map(
        "pincode_longitude", "degrees", "rto_prone_area",
        "Of the pincode's median office, or of its neighbours in number; NaN unknown.",
    ),
)  # fmt: skip
