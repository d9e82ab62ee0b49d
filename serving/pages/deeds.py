"""What the audit log says was done, in a merchant's words; it is kept in English."""

from __future__ import annotations

import re

from serving.pages.words import Words

DEEDS = {
    "account drop": "Account removed",
    "account resume": "Account goes on",
    "account stop": "Account stopped",
    "ad spend uploaded": "Ad spend uploaded",
    "channel resumed": "Messages go on",
    "channel set": "WhatsApp connected",
    "courier set": "Courier connected",
    "courier stopped": "Courier stopped",
    "delegate removed": "Other message provider removed",
    "delegate set": "Other message provider set",
    "key made": "API key made",
    "key revoked": "API key revoked",
    "key rotated": "API key replaced",
    "list entries added": "List entries added",
    "list entries imported": "List entries imported",
    "list entry removed": "List entry removed",
    "merchant added": "Shop added",
    "merchant closed": "Shop closed",
    "model challenger": "Model tried in the shadow",
    "model promoted": "Model released",
    "model put in use": "Model put in use",
    "parcel news": "News of parcels changed",
    "payments set": "Razorpay connected",
    "person erased": "Person erased",
    "policy saved": "Thresholds or costs saved",
    "shop in trouble": "Shop in trouble",
    "shop removed": "Shop's account removed",
    "shop set": "Shop connected",
    "signed in": "Signed in",
    "stopped by hand": "Stopped by hand",
    "user added": "Person let in",
    "user removed": "Person removed",
    "webhook added": "Webhook added",
    "webhook removed": "Webhook removed",
    "webhook secret replaced": "Webhook's secret replaced",
    "webhook switched off": "Webhook switched off",
    "webhook switched on": "Webhook switched on",
}
DETAILS = {
    "account": "Account",
    "courier": "Courier",
    "entries": "Entries",
    "entry": "Entry",
    "feedback": "Feedback",
    "key": "Key",
    "kind": "Kind",
    "mode": "Mode",
    "orders": "Orders",
    "payments": "Payments",
    "revision": "Revision",
    "role": "Role",
    "rows": "Rows",
    "starting": "From",
    "to": "Replaced by",
    "tracking": "Tracking",
    "user": "Person",
    "version": "Version",
    "webhook": "Webhook",
    "why": "Reason",
}
SENT_AGAIN = "Message {id} sent again"
_SENT_AGAIN = re.compile(r"message (?P<id>\S+) sent again")


def deed(say: Words, did: str) -> str:
    """What was done; what this table does not know stays as it is kept."""
    if (found := _SENT_AGAIN.fullmatch(did)) is not None:
        return say(SENT_AGAIN, id=found["id"])
    return say(DEEDS[did]) if did in DEEDS else did
