"""The public reason codes: what a person reads when a score says why.

Codes, texts' sense and buckets follow the only published list in the field (Razorpay's RTO
Intelligence, read 2026-11-23); codes that list lacks are marked as ours.
"""

from __future__ import annotations

from typing import NamedTuple


class Reason(NamedTuple):
    """One reason: its code, bucket, the sentence shown when it raises the risk, and an advice."""

    code: str
    bucket: str
    text: str
    advice: str


_LIST = (
    # address
    Reason("short_shipping_address", "address", "The address is short", "Ask for the house number and a landmark"),
    Reason("incomplete_shipping_address", "address", "The address is incomplete", "Ask for the missing parts of the address"),
    Reason("address_is_less_detailed", "address", "The address has little detail", "Ask for street, area and a landmark"),
    Reason("gibberish_detected_in_address", "address", "The address reads like keyboard noise", "Ask the customer to confirm the address"),
    Reason("dummy_address_detected", "address", "The address looks like a placeholder", "Ask the customer for the real address"),
    Reason("address_contains_invalid_characters", "address", "The address holds unusual characters", "Ask the customer to write the address again"),
    Reason("address_building_name_absent", "address", "No house number or building is named", "Ask for the house number or building"),
    Reason("address_locality_name_absent", "address", "No known locality of this pincode is named", "Ask for the area or locality"),
    Reason("address_incorrect_pincode", "address", "The pincode does not seem to belong to this address", "Confirm the pincode with the customer"),
    Reason("address_pincode_city_mismatch", "address", "City and pincode do not agree", "Confirm city and pincode"),
    Reason("address_pincode_state_mismatch", "address", "State and pincode do not agree", "Confirm state and pincode"),
    Reason("incomplete_pincode", "address", "The pincode is incomplete", "Ask for the six-digit pincode"),
    Reason("invalid_pincode", "address", "India Post knows no such pincode", "Ask for the right pincode"),
    # location
    Reason("rto_prone_pincode", "location", "Orders to this pincode often come back", "Confirm before dispatch"),
    Reason("rto_prone_city", "location", "Orders to this city or district often come back", "Confirm before dispatch"),
    Reason("rto_prone_area", "location", "Orders to this state or area often come back", "Confirm before dispatch"),
    Reason("cod_prone_pincode", "location", "This pincode mostly pays at the door", "Offer a reason to pay in advance"),
    Reason("cod_prone_city", "location", "This city mostly pays at the door", "Offer a reason to pay in advance"),
    Reason("return_prone_pincode", "location", "Parcels to this pincode are often sent back after delivery", "Check description, pictures and sizes"),
    Reason("returns_prone_city", "location", "Parcels to this district are often sent back after delivery", "Check description, pictures and sizes"),
    Reason("returns_prone_state", "location", "Parcels to this state are often sent back after delivery", "Check description, pictures and sizes"),
    Reason("far_from_origin", "location", "The parcel travels far", "Name the delivery day and confirm it"),
    Reason("remote_area", "location", "The area is remote", "Choose a courier that serves it well"),
    Reason("non_delivery_post_office", "location", "India Post itself does not deliver here", "Choose a courier that serves it"),
    # customer
    Reason("rto_prone_phone", "customer", "This phone's earlier orders came back", "Ask for payment in advance"),
    Reason("cod_prone_phone", "customer", "This phone usually pays at the door", "Offer a reason to pay in advance"),
    Reason("cod_prone_email", "customer", "This email address usually pays at the door", "Offer a reason to pay in advance"),
    Reason("rto_prone_email", "customer", "This email's earlier orders came back", "Ask for payment in advance"),
    Reason("rto_prone_address", "customer", "Orders to this very address came back", "Ask for payment in advance"),
    Reason("rto_prone_customer", "customer", "This customer's earlier orders came back", "Ask for payment in advance"),
    Reason("new_customer_on_your_store", "customer", "First order of this customer in your store", "Confirm on WhatsApp"),
    Reason("invalid_phone", "customer", "The phone number cannot be right", "Ask for a working number"),
    Reason("dummy_name_detected", "customer", "The name looks like a placeholder", "Confirm the name"),
    Reason("invalid_email_address", "customer", "The email address cannot be right", "Ask for a working address"),
    Reason("invalid_email_domain", "customer", "The email domain does not look real", "Ask for a working address"),
    Reason("short_email", "customer", "The email name is very short", "Confirm on WhatsApp"),
    Reason("potential_fraud_email", "customer", "The email is of a kind often used once", "Confirm on WhatsApp"),
    Reason("gibberish_detected_in_email", "customer", "The email reads like keyboard noise", "Confirm on WhatsApp"),
    Reason("linked_identity_rto", "customer", "Orders of linked phones, devices or addresses came back", "Let a person look at it"),
    Reason("known_in_network", "customer", "What other stores know of this customer or place", "Confirm on WhatsApp"),
    Reason("many_identities", "customer", "One device, phone or address is used by many identities", "Let a person look at it"),
    Reason("different_receiver", "customer", "Another person receives the parcel", "Confirm with the receiver"),
    Reason("contact_signals", "customer", "Phone, email or name is of a riskier kind", "Confirm on WhatsApp"),
    # device
    Reason("rto_prone_ip", "device", "Orders from this network address came back", "Confirm on WhatsApp"),
    Reason("rto_prone_device", "device", "Orders from this device came back", "Confirm on WhatsApp"),
    Reason("cod_prone_device", "device", "Orders from this device are usually paid at the door", "Offer a reason to pay in advance"),
    Reason("device_signals", "device", "Device or browser is of a riskier kind", "Confirm on WhatsApp"),
    # order
    Reason("cod_order", "order", "Payment at the door", "Offer a reason to pay in advance"),
    Reason("high_order_amount", "order", "The amount is unusual for such orders", "Confirm on WhatsApp"),
    Reason("order_discount", "order", "Discount and fees of this order", "Confirm on WhatsApp"),
    Reason("order_items", "order", "Number and kind of items", "Confirm sizes and items"),
    Reason("high_purchase_amount_in_an_hour", "order", "Much was ordered by this person within an hour", "Let a person look at it"),
    Reason("high_purchase_amount_in_a_day", "order", "Much was ordered by this person within a day", "Let a person look at it"),
    Reason("order_placed_during_high_rto_period", "order", "Orders of this season or hour come back more often", "Confirm before dispatch"),
    Reason("order_time", "order", "Time of day or month of the order", "Confirm before dispatch"),
    Reason("delivery_promise", "order", "The promised delivery is far away", "Name an earlier day or confirm the wait"),
    Reason("rto_prone_product", "order", "This product or category often comes back", "Check description, pictures and sizes"),
    Reason("rto_prone_coupon", "order", "Orders with this coupon often come back", "Limit the coupon to prepaid orders"),
    Reason("rto_prone_channel", "order", "Orders of this channel or campaign often come back", "Review the campaign"),
    Reason("rto_prone_courier", "order", "This courier loses many orders on this lane", "Choose another courier"),
    Reason("rto_prone_merchant", "order", "The store's usual share of returns", "Review what returns"),
    Reason("order_details", "order", "Further details of the order", "Confirm before dispatch"),
)  # fmt: skip

REASONS: dict[str, Reason] = {reason.code: reason for reason in _LIST}
