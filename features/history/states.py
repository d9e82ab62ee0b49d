"""What is known of an order's fate, and the one rule by which its events change that.

A state is a small integer: the class of the outcome, plus ``CLASSES`` once the order was treated
(somebody intervened before dispatch). A final class changes only by a correction.
"""

from __future__ import annotations

from features.compiled import compiled

PENDING, DELIVERED, RTO, RTO_NOT_CUSTOMER, CANCELLED, LOST, RETURNED = range(7)
CLASSES = 7
STATES = 2 * CLASSES
ABSENT = -1

# In the contract's order, which also decides ties among events known at the same instant.
EVENT_KINDS = (
    "placed", "revised", "shipped", "out_for_delivery", "ndr", "rto_initiated", "rto_delivered",
    "delivered", "returned", "cancelled", "lost", "correction", "decided", "overridden",
    "message_sent", "replied", "contacted", "paid", "erased",
)  # fmt: skip
EVENT_CODES = {kind: code for code, kind in enumerate(EVENT_KINDS)}
_PLACED = EVENT_CODES["placed"]
_RTO_INITIATED = EVENT_CODES["rto_initiated"]
_RTO_DELIVERED = EVENT_CODES["rto_delivered"]
_DELIVERED = EVENT_CODES["delivered"]
_RETURNED = EVENT_CODES["returned"]
_CANCELLED = EVENT_CODES["cancelled"]
_LOST = EVENT_CODES["lost"]
_CORRECTION = EVENT_CODES["correction"]
_DECIDED = EVENT_CODES["decided"]
_MESSAGE_SENT = EVENT_CODES["message_sent"]
_CONTACTED = EVENT_CODES["contacted"]

# Faults of the seller or the courier: no evidence against the customer.
NOT_THE_CUSTOMER = frozenset({"wrong_item", "damaged", "not_attempted"})
OUTCOME_CLASSES = {
    "delivered": DELIVERED,
    "rto": RTO,
    "cancelled": CANCELLED,
    "lost": LOST,
    "returned": RETURNED,
}
# Decisions that are an intervention by themselves; a message counts from when it was sent.
TREATING_ACTIONS = frozenset({"hold", "block"})


def event_detail(kind: str, *, reason: str | None, outcome: str | None, action: str | None) -> int:
    """The number that goes with an event into :func:`next_state`.

    For a correction the class it sets (an unknown outcome reopens the order); for a return leg 1
    when the fault was not the customer's; for a decision 1 when it intervenes by itself; else 0.
    """
    not_customer = reason in NOT_THE_CUSTOMER
    if kind == "correction":
        code = OUTCOME_CLASSES.get(outcome or "", PENDING)
        return RTO_NOT_CUSTOMER if code == RTO and not_customer else code
    if kind in ("rto_initiated", "rto_delivered"):
        return int(not_customer)
    return int(kind == "decided" and action in TREATING_ACTIONS)


@compiled
def next_state(state: int, kind: int, detail: int) -> int:
    """The state after one more event of the order, in the reader's order of events.

    Parameters
    ----------
    state : int
        Before the event; ``ABSENT`` before it was placed.
    kind : int
        Index into ``EVENT_KINDS``; kinds that change nothing return ``state``.
    detail : int
        See :func:`event_detail`.
    """
    if state == ABSENT:
        return PENDING if kind == _PLACED else ABSENT
    treated = state // CLASSES
    if kind == _CORRECTION:
        return detail + CLASSES * treated
    if kind in (_MESSAGE_SENT, _CONTACTED) or (kind == _DECIDED and detail == 1):
        return state % CLASSES + CLASSES
    if kind == _RETURNED and state % CLASSES in (PENDING, DELIVERED):
        return RETURNED + CLASSES * treated
    if state % CLASSES != PENDING:
        return state
    if kind == _DELIVERED:
        return DELIVERED + CLASSES * treated
    if kind in (_RTO_INITIATED, _RTO_DELIVERED):
        return (RTO_NOT_CUSTOMER if detail == 1 else RTO) + CLASSES * treated
    if kind == _CANCELLED:
        return CANCELLED + CLASSES * treated
    if kind == _LOST:
        return LOST + CLASSES * treated
    return state
