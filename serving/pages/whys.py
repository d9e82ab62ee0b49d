"""Why something is to be done or did not arrive, in a merchant's words."""

from __future__ import annotations

import re

from serving.pages.words import Words

WHYS = {
    "a reply that is no answer": "They wrote something that is no answer.",
    "a change cut off by the shipment":
        "They were about to change something when the parcel left: tell the courier.",
    "asked three times": "They were asked three times.",
    "no channel": "No WhatsApp number is connected.",
    "the number is a sandbox's, which is not running": "The sandbox's number is not running.",
    "no consent": "They do not want messages on WhatsApp.",
    "opted out": "They have said STOP.",
    "wants no messages": "They have said STOP.",
    "no phone": "The order has no phone number that can be written to.",
    "the payment link is over": "The payment link is over.",
    "the day after the customer's message is over":
        "WhatsApp's day for free answers was over.",
    "what it was about is over or erased": "What it was about is over or erased.",
    "nothing is sent now": "Messages were stopped for too long.",
    "not delivered": "WhatsApp could not deliver it.",
    "not sent": "WhatsApp did not take it.",
    "an answer without an id": "WhatsApp's answer was lost; it may have arrived.",
    "the worker ended while sending": "The service ended while it was sent; it may have arrived.",
    "no webhook takes message.requested": "No webhook of yours takes the request.",
    "what a customer suggests": "They suggest something.",
    "the parcel has gone on since": "The parcel has gone on since.",
    "no news any more": "It was no news any more.",
    "not wanted after a failed delivery": "They do not want the parcel any more.",
    "no answer after a failed delivery": "They did not answer after a failed delivery.",
    "corrected, and still to be held": "They corrected the order, and it is still too risky.",
    "paid, and still to be held": "They paid, and the order is still too risky.",
    "paid after dispatch: tell the courier to collect nothing, or pay it back":
        "They paid after it left: tell the courier to collect nothing, or pay it back.",
    "paid twice: pay one back": "They paid twice; pay one back.",
    "less was paid than asked for": "They paid less than was asked for.",
}  # fmt: skip
ERRORS = {
    131026: "This number cannot be reached on WhatsApp.",
    131047: "WhatsApp's day for free answers was over.",
    131049: "WhatsApp holds back messages to this customer for now.",
    131050: "They have stopped offers from you in WhatsApp.",
    130472: "WhatsApp holds back messages to this customer for now.",
    131056: "Too many messages to this customer in a short time.",
    130429: "Too many messages in a short time.",
    190: "WhatsApp no longer accepts your account's token.",
    131042: "WhatsApp could not charge your account.",
    368: "WhatsApp has restricted your account.",
    131031: "WhatsApp has locked your account.",
    131048: "WhatsApp limits your number because customers complained.",
}
_LOST = "The answer was lost on the way; it may have arrived."
_PARTS = (
    (re.compile(r"attempt (?P<n>\d+): the customer says that nobody came"),
     "Attempt {n}: they say that nobody came."),
    (re.compile(r"error (?P<n>\d+)"), "WhatsApp refused it with error {n}."),
    (re.compile(r"template (?P<name>\S+): .*"), "The template {name} is stopped."),
    (re.compile(r"no payment link: .*"), "The payment link could not be made."),
    (re.compile(r"paid although the order is .*"),
     "They paid although the order does not arrive; pay it back."),
    (re.compile(r"\w+ refuses our credentials.*"),
     "The courier refuses your account; connect it again."),
    (re.compile(r"(?:shiprocket|delhivery): (?P<what>.*)"), "The courier did not take it: {what}"),
    (re.compile(r"(Connect|Pool)(Error|Timeout)"), "WhatsApp could not be reached."),
    (re.compile(r"(HTTP 5\d\d|\w*(Error|Timeout))"), _LOST),
)  # fmt: skip
PATTERNS = tuple(sentence for _, sentence in _PARTS)


def in_words(say: Words, why: str | None) -> str:
    """A reason as the service keeps it, said to a person; one that is not known stays as it is."""
    if not why:
        return say("No reason is known.")
    if why in WHYS:
        return say(WHYS[why])
    for pattern, sentence in _PARTS:
        if (found := pattern.fullmatch(why)) is not None:
            if sentence == PATTERNS[1]:
                sentence = ERRORS.get(int(found["n"]), sentence)
            return say(sentence, **found.groupdict())
    return why
