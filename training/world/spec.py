"""The parameters of an invented world, with their defaults; a YAML file can override any."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from pathlib import Path

import yaml

from features.errors import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSpec:
    """What may differ from one invented world to another.

    Shares lie in [0, 1]; spreads are standard deviations in log-odds. The level of the outcomes
    is solved for, so the shares named here are met whatever the spreads.

    Parameters
    ----------
    merchants : int
        Shops sharing the orders, of very unequal sizes; 0 chooses one per 8,000 orders, 3 to 60.
    start : str
        First day (IST), ``YYYY-MM-DD``.
    days : int
        Length of the period in days.
    snapshot_days : float
        The files are cut this long after the last day: what was known later is not in them.
    cod_share : float
        Share of orders paid cash on delivery.
    partial_cod_share : float
        Share of cash orders that pay a part in advance.
    rto_share_cod, rto_share_prepaid : float
        Share of shipped orders that would return if nobody interfered.
    growth : float
        How much larger the last day's trade is than the first's.
    sale_lift : float
        Trade in the Diwali sale against an ordinary day.
    persons_per_order : float
        Size of the population in persons per order; smaller means more repeat customers.
    activity_spread : float
        How unequal persons are in how often they order.
    household_size : float
        Mean persons ordering from one home.
    ring_order_share : float
        Share of orders placed by fraud rings and competitors.
    prankster_share : float
        Share of persons who order without any will to pay.
    serial_refusers : float
        Share of persons who order often and change their mind at the door again and again.
    steadiness_spread, culture_spread, product_spread, merchant_spread : float
        How much persons, places, products and merchants differ in goods taken at the door.
    diligence_spread : float
        How much couriers' lanes differ in attempts truly made.
    drifting_hubs : float
        Share of districts whose courier hub worsens during the year.
    hub_drop : float
        By how much (log-odds of a true attempt) such a hub worsens.
    care_spread : float
        How much persons differ in the care of what they type.
    wrong_phone_share, wrong_pincode_share : float
        Share of ordinary orders with another's phone or a mistyped pincode.
    disposable_email_share : float
        Share of ring and prank orders with a throw-away address.
    gift_share : float
        Share of orders that go to somebody else.
    loss_share : float
        Share of parcels lost on the way.
    cancel_share : float
        Share of orders that the customer cancels before dispatch.
    return_share : float
        Share of delivered orders sent back later.
    correction_share : float
        Share of final states that are reported wrongly first and corrected.
    silent_outcome_share : float
        Share of shipped orders whose outcome never reaches the merchant.
    sharing_merchants : float
        Share of merchants that share into the network, each from a day of its own on.
    policy_merchants : float
        Share of merchants that act before dispatch.
    policy_from, policy_until : float
        The part of the period in which the acting merchants begin to act.
    acted_share : float
        Share of an acting merchant's cash orders on which its policy would act.
    holdout_share : float
        Share of those left alone as the comparison group.
    explore_share : float
        Share of those drawn to a neighbouring action.
    prepaid_silence_ships : bool
        Whether an unanswered request to pay ships the order after all.
    """

    merchants: int = 0
    start: str = "2025-07-01"
    days: int = 365
    snapshot_days: float = 45.0
    cod_share: float = 0.65
    partial_cod_share: float = 0.03
    rto_share_cod: float = 0.25
    rto_share_prepaid: float = 0.03
    growth: float = 0.35
    sale_lift: float = 2.4
    persons_per_order: float = 1.0
    activity_spread: float = 1.0
    household_size: float = 1.8
    ring_order_share: float = 0.02
    prankster_share: float = 0.012
    serial_refusers: float = 0.07
    steadiness_spread: float = 1.5
    culture_spread: float = 1.5
    product_spread: float = 1.2
    merchant_spread: float = 0.7
    diligence_spread: float = 0.9
    drifting_hubs: float = 0.06
    hub_drop: float = 2.2
    care_spread: float = 1.0
    wrong_phone_share: float = 0.02
    wrong_pincode_share: float = 0.02
    disposable_email_share: float = 0.45
    gift_share: float = 0.03
    loss_share: float = 0.006
    cancel_share: float = 0.035
    return_share: float = 0.055
    correction_share: float = 0.003
    silent_outcome_share: float = 0.004
    policy_merchants: float = 0.5
    sharing_merchants: float = 0.6
    policy_from: float = 0.3
    policy_until: float = 0.6
    acted_share: float = 0.25
    holdout_share: float = 0.1
    explore_share: float = 0.06
    prepaid_silence_ships: bool = False

    def first_day(self) -> date:
        """The first day as a date."""
        return date.fromisoformat(self.start)

    def merchants_for(self, orders: int) -> int:
        """The number of merchants, chosen by size where the spec leaves it open."""
        return self.merchants or int(min(60, max(3, orders // 8_000)))

    def as_text(self) -> str:
        """The spec as YAML, every parameter named."""
        return yaml.safe_dump(asdict(self), sort_keys=False)


_NAMED = "truth/spec.yaml of any invented folder names them all"
_COUNTS = {"merchants": (0, 20_000), "days": (7, 3_660)}
_FREE = {
    "snapshot_days": (0.0, 3_650.0), "growth": (-0.9, 20.0), "sale_lift": (0.1, 20.0),
    "persons_per_order": (0.01, 3.0), "activity_spread": (0.0, 3.0), "household_size": (1.0, 6.0),
    "steadiness_spread": (0.0, 4.0), "culture_spread": (0.0, 4.0), "product_spread": (0.0, 4.0),
    "merchant_spread": (0.0, 4.0), "diligence_spread": (0.0, 4.0), "hub_drop": (-6.0, 6.0),
    "care_spread": (0.0, 3.0), "rto_share_cod": (0.02, 0.8), "rto_share_prepaid": (0.001, 0.5),
    "cod_share": (0.02, 0.98),
}  # fmt: skip


def changed(spec: WorldSpec, changes: dict[str, object], *, source: str) -> WorldSpec:
    """A spec with some parameters changed, each checked.

    Raises
    ------
    SettingsError
        Naming the parameter that is unknown, of the wrong kind or out of range.
    """
    kinds = {field.name: type(getattr(spec, field.name)) for field in fields(spec)}
    for name, value in changes.items():
        if name not in kinds:
            raise SettingsError(f"{source}: {name} is no parameter of a world; {_NAMED}")
        _check(name, value, kinds[name], source)
    return replace(spec, **{n: kinds[n](v) for n, v in changes.items()})


def read_spec(path: Path) -> WorldSpec:
    """Read the overrides in a YAML file.

    Raises
    ------
    SettingsError
        If the file is missing, no YAML mapping, or names or values are wrong.
    """
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{path} cannot be read as YAML ({type(error).__name__})") from error
    if not isinstance(said, dict):
        raise SettingsError(f"{path} should hold lines like: cod_share: 0.7")
    return changed(WorldSpec(), {str(k): _plain(v) for k, v in said.items()}, source=str(path))


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _check(name: str, value: object, kind: type, source: str) -> None:
    if kind is bool or kind is str:
        if not isinstance(value, kind):
            raise SettingsError(f"{source}: {name} should be a {_KIND[kind]}, not {value!r}")
        if name == "start":
            _check_date(str(value), source)
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SettingsError(f"{source}: {name} should be a number, not {value!r}")
    low, high = _COUNTS.get(name) or _FREE.get(name, (0.0, 1.0))
    if not low <= value <= high or (kind is int and value != int(value)):
        raise SettingsError(f"{source}: {name} should lie between {low} and {high}, not {value!r}")


_KIND = {bool: "true or false", str: "date like 2025-07-01"}


def _check_date(value: str, source: str) -> None:
    try:
        year = date.fromisoformat(value).year
    except ValueError:
        year = 0
    if not 2000 <= year <= 2100:
        raise SettingsError(f"{source}: start should be a day like 2025-07-01, not {value!r}")
