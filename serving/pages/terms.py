"""A merchant's words for what the service calls by other names."""

from __future__ import annotations

ACTIONS = {
    "ship": "Ship",
    "verify": "Ask customer",
    "prepaid": "Ask for payment",
    "hold": "Review",
    "block": "Don't ship",
}
STAGES = {
    "scored": "Scored",
    "awaiting": "Waiting for the customer",
    "confirmed": "Confirmed",
    "corrected": "Changed by the customer",
    "switched_to_prepaid": "Paid",
    "refused": "Refused",
    "silent": "No answer",
    "released": "Ships",
    "held": "Under review",
    "blocked": "Not shipped",
    "cancelled": "Cancelled",
    "in_transit": "On the way",
    "ndr": "Delivery failed, tried again",
    "delivered": "Delivered",
    "rto": "Came back",
    "lost": "Lost",
    "returned": "Returned after delivery",
}
PAYMENTS = {
    "cod": "COD",
    "prepaid": "Prepaid",
    "partial_cod": "Partly COD",
    "unknown": "Payment unknown",
}
EVENTS = {
    "placed": "Placed",
    "revised": "Changed",
    "decided": "Decided",
    "overridden": "Decided by a person",
    "contacted": "Customer called",
    "replied": "Customer answered",
    "message_sent": "Message sent",
    "message": "Message",
    "paid": "Paid",
    "released": "Released",
    "shipped": "Shipped",
    "out_for_delivery": "Out for delivery",
    "ndr": "Delivery failed",
    "rto_initiated": "Sent back",
    "rto_delivered": "Back in the warehouse",
    "delivered": "Delivered",
    "returned": "Returned after delivery",
    "cancelled": "Cancelled",
    "lost": "Lost",
    "correction": "Corrected",
    "noted": "Note",
    "feedback": "Customer about the parcel",
    "erased": "Erased",
}
RESPONSES = {
    "confirmed": "Confirmed",
    "corrected": "Something is to be changed",
    "paid": "Paid",
    "refused": "Refused",
    "silent": "No answer",
    "person": "Wants to talk to somebody",
    "stop": "Wants no messages",
    "unreachable": "Not reached",
    "wrong_number": "Wrong number",
}
COLUMNS = {
    "order_id": "Order",
    "created_at": "Placed",
    "payment_mode": "Payment",
    "amount": "Amount",
    "pincode": "Pincode",
    "outcome": "Outcome",
}
ENDS = {
    "": "not known yet",
    "delivered": "Delivered",
    "rto": "Came back",
    "cancelled": "Cancelled",
    "lost": "Lost",
}
NAMES = {
    "column_names": COLUMNS,
    "end_names": ENDS,
    "response_names": RESPONSES,
    "action_names": ACTIONS,
    "stage_names": STAGES,
    "payment_names": PAYMENTS,
    "event_names": EVENTS,
}
