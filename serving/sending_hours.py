"""The hours in which nobody is written to first."""

from __future__ import annotations

from datetime import timedelta

from features.days import HOUR_US, IST, SECOND_US, from_us, to_us
from serving.store.channels import Delegate, WhatsApp


def after_quiet(account: WhatsApp | Delegate, now: int) -> int:
    """The instant itself, or the end of the quiet hours it lies in."""
    moment = from_us(now).astimezone(IST)
    begin, end = account.quiet_from, account.quiet_until
    quiet = begin <= moment.hour < end if begin <= end else not end <= moment.hour < begin
    if not quiet:
        return now
    midnight = to_us(moment.replace(hour=0, minute=0, second=0, microsecond=0))
    until = midnight + end * HOUR_US
    return until if until > now else until + int(timedelta(days=1).total_seconds()) * SECOND_US
