"""Whether a process decides, with which model, and how fresh the history is that it reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from features.days import DAY_US, HOUR_US, to_us
from serving.answers import Ready
from serving.folds import NO_FOLD
from serving.moments import rfc3339
from serving.service import Service
from serving.store.faults import LogDownError
from serving.store.stories import newest_known_us
from serving.upkeep.retraining import retraining_warning

FOLD_LATE_US = 2 * HOUR_US
_UNKNOWN = 0


def readiness(service: Service) -> Ready:
    """The state of a process, with a warning for each thing that makes its scores worse."""
    until = history_until(service)
    fold, now = service.history.fold, service.clock()
    warnings = [
        warning
        for warning in (
            _log_down(service),
            service.standby.spool_fault,
            None if until is _UNKNOWN else _behind_model(until, trained_until(service.scorer)),
            _fold_late(service, now),
            service.champion.refused,
            _retraining(service),
            _webhooks(service),
        )
        if warning is not None
    ]
    warnings += _stopped(service)
    warnings += [f'shop of "{one.merchant_id}": {one}' for one in service.vitals.shops]
    return Ready(
        ready=not service.draining and (service.reach.up or service.standby.spool_fault is None),
        model=service.scorer.version,
        seq=service.history.seq,
        history_until=None if not until else rfc3339(until),
        fold=fold.boundary,
        fold_age_s=None if fold == NO_FOLD else (now - fold.at_us) / 1e6,
        warnings=warnings,
    )


def _retraining(service: Service) -> str | None:
    try:
        return retraining_warning(service.connection)
    except LogDownError:
        return None


def _webhooks(service: Service) -> str | None:
    count = service.vitals.webhooks_off
    return f"{count} webhooks are switched off: nobody answered there for days" if count else None


def _stopped(service: Service) -> list[str]:
    silent = [
        f'nothing is sent to the customers of "{merchant_id}" ({why}): '
        f"`rto channel resume {merchant_id}` once that is mended"
        for merchant_id, why in service.vitals.stopped
    ]
    return silent + [
        f'{courier} refuses the account of "{merchant_id}" ({why}): renew it with '
        f"`rto channel courier {merchant_id} account.json`, then all that waits is passed on"
        for merchant_id, courier, why in service.vitals.couriers_off
    ]


def history_until(service: Service) -> int | None:
    """When the newest event of an order became known; None for an empty log."""
    try:
        return newest_known_us(service.connection)
    except LogDownError:
        return _UNKNOWN


def trained_until(scorer: object) -> int | None:
    """The instant up to which a bundle's manifest says it was trained."""
    part = getattr(scorer, "manifest", None)
    for name in ("content", "training"):
        part = part.get(name) if isinstance(part, Mapping) else None
    text = part.get("until") if isinstance(part, Mapping) else None
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return to_us(moment)
    except ValueError:
        return None


def _log_down(service: Service) -> str | None:
    if service.reach.up:
        return None
    return (
        f"the log has been out of reach for {service.reach.down_s:.0f} s ({service.reach.why}): "
        f"decisions are degraded, {service.standby.spooled} wait in the spool"
    )


def _behind_model(until: int | None, trained: int | None) -> str | None:
    if trained is None or (until is not None and until >= trained - DAY_US):
        return None
    has = "is empty" if until is None else f"ends at {rfc3339(until)}"
    return (
        f"the history {has}, the model was trained on orders until {rfc3339(trained)}: "
        "load the orders since with `rto load`"
    )


def _fold_late(service: Service, now: int) -> str | None:
    fold = service.history.fold
    if fold == NO_FOLD:
        return "no fold has been published yet: places and products count from the first one on"
    if now - fold.at_us > FOLD_LATE_US:
        return f"the last fold is of {rfc3339(fold.at_us)}: is `rto worker` running?"
    return None
