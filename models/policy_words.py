"""One sentence for every number and choice of a policy, as pages and the interface show it."""

from __future__ import annotations

from collections.abc import Mapping

EXPLAINED: Mapping[str, str] = {
    "mode": "observe ships everything and records what would have been done; act does it.",
    "thresholds": "Where asking, asking for payment, reviewing and not shipping begin, for orders "
    "paid at the door; null is never.",
    "prepaid_thresholds": "The same for prepaid orders, which are only reviewed or not shipped.",
    "segments": "Kinds of orders with thresholds of their own; the first that fits counts.",
    "segments.name": "What you call this kind of orders.",
    "segments.when": "Which orders belong to it; it may ask about anything but the score.",
    "rules": "Orders that are always treated in one way; the first that fits decides, after lists.",
    "rules.name": "What you call this rule; decisions show it.",
    "rules.when": "Which orders it decides, as a condition: amount > 5000 and new customer.",
    "rules.action": "What is done with them.",
    "thresholds.verify": "Chance of return from which the customer is asked to confirm.",
    "thresholds.prepaid": "Chance of return from which the customer is asked to pay in advance.",
    "thresholds.hold": "Chance of return from which a person looks at the order.",
    "thresholds.block": "Chance of return from which the order is not shipped.",
    "costs.forward_paise": "What a parcel costs to send, from your courier's rate card.",
    "costs.reverse_paise": "What the courier charges to bring a refused parcel back.",
    "costs.handling_paise": "Work in your warehouse on a parcel that came back: unpack, check, "
    "restock.",
    "costs.packaging_paise": "Box, bag and label that cannot be used again.",
    "costs.damage_share": "Share of the order's value lost on average because goods come back "
    "unsaleable.",
    "costs.margin_share": "Share of the order's value that a delivered order earns you after "
    "goods and shipping; it is what losing a good customer costs.",
    "costs.utility_message_paise": "WhatsApp's price for one message that checks an order.",
    "costs.marketing_message_paise": "WhatsApp's price for one message with an offer in it.",
    "costs.prepaid_discount_paise": "What you give a customer who then pays in advance.",
    "costs.review_paise": "One look by a person at an order, with a call.",
    "effects": "What each action does to orders: assumptions until your comparison group has "
    "measured them.",
    "effects.rto_avoided": "Share of the returns that no longer happen.",
    "effects.rto_rescued": "Share of the returns that are delivered instead; part of the avoided.",
    "effects.good_lost": "Share of the good orders that are lost because their customer is "
    "bothered.",
    "effects.paid": "Share of the asked customers who pay in advance, each with the discount.",
    "shares.holdout": "Share of the orders that would be acted on and are shipped untouched, so "
    "that you can see what acting is worth.",
    "shares.explore": "Share of them treated a step more gently, and as many a step more "
    "strictly, so that other thresholds can be judged.",
    "explore_step": "How large that step is, in log-odds.",
    "tiers": "Chances of return from which an order is called medium and high.",
    "max_wait_s": "How long an order waits for an answer where no pick-up time is given, in "
    "seconds.",
    "max_action_age_s": "Orders that reach us older than this are shipped and only recorded, in "
    "seconds.",
    "on_failure": "What is done with orders while our history is out of reach: ship or hold.",
    "share_with_network": "Whether your counts, never names, help other merchants who share, and "
    "theirs you.",
    "reviews_per_day": "Orders your people can look at in a day; further ones get the next milder "
    "action. null is without limit.",
    "quiet_hours": "When no customer is written to, in Indian time, beside the quiet hours of your "
    "number; messages wait, actions do not change.",
    "sale": "A sale with its beginning and end, after which everything is as before by itself.",
    "sale.from": "When it begins.",
    "sale.until": "When it is over.",
    "sale.step": "How far all thresholds move meanwhile, in log-odds; above 0 fewer orders are "
    "acted on.",
    "sale.reviews_per_day": "Orders your people can look at in a day of the sale.",
}
