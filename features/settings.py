"""What can be set from outside: one frozen object, built at the entry point and passed down."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict

from features.days import IST
from features.errors import SettingsError

PREFIX = "RTO_"

_SQLITE, _POSTGRESQL = "sqlite:///", "postgresql://"

# Values people copy from examples; a service protected by one of them is open.
_EXAMPLES = ("change", "example", "secret", "password", "test", "todo", "xxxx", "your")


class Settings(BaseSettings):
    """Every setting, read from ``RTO_…`` variables or a ``.env`` file; see ``load_settings``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    home: Path = Field(
        default=Path("var"), description="Folder of the database, keys, folds and demo data."
    )
    database_url: str = Field(
        default="",
        description="Where the log is: sqlite:///path or postgresql://user@host/name. Empty means "
        "store/rto.sqlite3 under RTO_HOME.",
    )
    spool_dir: Path | None = Field(
        default=None,
        description="Folder of decisions made while the log is out of reach, best on another disk "
        "than the log's. Empty means spool under RTO_HOME.",
    )
    models_dir: Path = Field(
        default=Path("models/released"), description="Folder of the released model bundles."
    )
    mlflow_uri: str = Field(
        default="",
        description="Where training tracks runs and registers models. Empty means mlflow.db under "
        "RTO_HOME.",
    )
    hash_key: SecretStr | None = Field(
        default=None,
        description="Keys of the identity hash as version:hex, newest last, separated by commas; "
        "each at least 32 bytes. Made on first start for a SQLite demo.",
    )
    encryption_key: SecretStr | None = Field(
        default=None,
        description="Keys that seal contact details, as version:hex of 32 bytes, newest last. "
        "Made on first start for a SQLite demo.",
    )
    freeze_until: datetime | None = Field(
        default=None,
        description="No model is promoted before this time, as in a sale: 2026-10-25, midnight in "
        "India, or a time with its zone. Rollback stays possible.",
    )
    auto_retrain: str = Field(
        default="",
        pattern=r"^([1-9]\d*[dw])?$",
        description="How often the worker trains a model anew and promotes it if its gates pass: "
        "30d, 4w. Empty never does.",
    )
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^/]+)?$",
        description="The address at which people open the pages, such as https://rto.example.com; "
        "with https their cookies travel over TLS only. Empty means however they ask.",
    )
    smtp_url: SecretStr = Field(
        default=SecretStr(""),
        description="The mail server that sends owners a digest at nine in the morning: "
        "smtp://user:password@host:587 (TLS is begun before the password) or smtps://host:465. "
        "Empty sends none.",
    )
    mail_from: str = Field(
        default="", description="The address that the digest comes from; needed to send it."
    )
    whatsapp_url: str = Field(
        default="https://graph.facebook.com/v23.0",
        pattern=r"^https?://",
        description="Where WhatsApp messages are sent; a stand-in's address for a trial.",
    )
    razorpay_url: str = Field(
        default="https://api.razorpay.com",
        pattern=r"^https?://",
        description="Where payment links are made; a stand-in's address for a trial.",
    )
    shopify_url: str = Field(
        default="https://{shop}/admin/api/2026-04",
        pattern=r"^https?://",
        description="Where a shop's orders are held and tagged, {shop} being its domain; a "
        "stand-in's address for a trial.",
    )
    shiprocket_url: str = Field(
        default="https://apiv2.shiprocket.in/v1/external",
        pattern=r"^https?://",
        description="Where orders at Shiprocket are found, shipped and tracked; a stand-in's "
        "address for a trial.",
    )
    delhivery_url: str = Field(
        default="https://track.delhivery.com",
        pattern=r"^https?://",
        description="Where parcels at Delhivery are tracked; a stand-in's address for a trial.",
    )
    retention_days: int | None = Field(
        default=None,
        ge=30,
        description="Days after which contacts of finished orders may be pruned. Empty keeps them.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least serious message that is written to stderr."
    )

    @model_validator(mode="after")
    def _known_database(self) -> Settings:
        if self.database_url and not self.database_url.startswith((_SQLITE, _POSTGRESQL)):
            raise ValueError(f"RTO_DATABASE_URL must begin with {_SQLITE} or {_POSTGRESQL}")
        return self

    @model_validator(mode="after")
    def _whole_mail(self) -> Settings:
        url = self.smtp_url.get_secret_value()
        if url and not re.fullmatch(r"smtps?://([^@/]+@)?[^@/:]+(:\d{1,5})?/?", url):
            raise ValueError("RTO_SMTP_URL must look like smtp://user:password@host:587")
        if url and "@" not in self.mail_from:
            raise ValueError("RTO_MAIL_FROM must be an address, or RTO_SMTP_URL empty")
        return self

    @field_validator("freeze_until")
    @classmethod
    def _in_india(cls, moment: datetime | None) -> datetime | None:
        if moment is None or moment.tzinfo is not None:
            return moment
        return moment.replace(tzinfo=IST)

    @property
    def on_postgresql(self) -> bool:
        """Whether the log is on a PostgreSQL server."""
        return self.database_url.startswith(_POSTGRESQL)

    @property
    def store_url(self) -> str:
        """The log's database, with its default filled in."""
        return self.database_url if self.on_postgresql else f"{_SQLITE}{self.database}"

    @property
    def database(self) -> Path:
        """The SQLite file of the log; of no meaning on PostgreSQL."""
        if self.database_url and not self.on_postgresql:
            return Path(self.database_url.removeprefix(_SQLITE))
        return self.home / "store" / "rto.sqlite3"

    @property
    def claim(self) -> Path:
        """What the lock file stands for that lets one server at a time use this home."""
        return self.home / "store" / "postgresql" if self.on_postgresql else self.database

    @property
    def spool(self) -> Path:
        """The file that takes decisions while the log is out of reach."""
        return (self.spool_dir or self.home / "spool") / "decisions"

    @property
    def tracking_uri(self) -> str:
        """The MLflow store, with its default filled in."""
        return self.mlflow_uri or f"sqlite:///{self.home.resolve() / 'mlflow.db'}"

    @property
    def folds_dir(self) -> Path:
        """Folder of the published window tables, one per fold."""
        return self.home / "folds"

    @property
    def board(self) -> Path:
        """The pages' own summary of the log, which can be deleted at any time."""
        return self.home / "pages" / "board.sqlite3"

    @property
    def keys_file(self) -> Path:
        """File of the keys made on first start; never in the database's folder."""
        return self.home / "keys" / "keys.json"


def load_settings(dotenv: Path | None = Path(".env")) -> Settings:
    """Read the environment and the ``.env`` file of the working directory.

    Parameters
    ----------
    dotenv : Path, optional
        The file to read below the environment; None reads no file.

    Raises
    ------
    SettingsError
        If a variable of the prefix is unknown, a value is wrong, or a secret is an example.
    """
    in_file = DotEnvSettingsSource(Settings, env_file=dotenv).env_vars
    _refuse_unknown({*os.environ, *in_file})
    try:
        # ``_env_file`` is pydantic-settings' own way to name the file per call.
        settings = Settings(_env_file=dotenv)
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None
    for name in ("hash_key", "encryption_key"):
        _refuse_example(name, getattr(settings, name))
    return settings


def settings_table(settings: Settings) -> list[tuple[str, str, str]]:
    """Variable, present value (secrets masked) and meaning of every setting, in reading order."""
    return [
        (PREFIX + name.upper(), _shown(getattr(settings, name)), field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return "********"
    return re.sub(r"(://[^:/@]*:)[^@/]*@", r"\1********@", str(value))


def _refuse_unknown(names: Iterable[str]) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted({n.upper() for n in names if n.upper().startswith(PREFIX)} - known)
    if unknown:
        raise SettingsError(
            f"{unknown[0]} is not a setting of this program; remove it "
            "(`rto settings` lists the settings)"
        )


def _refuse_example(name: str, secret: SecretStr | None) -> None:
    if secret is None:
        return
    text = secret.get_secret_value().lower()
    if any(word in text for word in _EXAMPLES) or len(set(text.rpartition(":")[2])) < 8:
        raise SettingsError(
            f"{PREFIX}{name.upper()} holds an example value; make one with "
            "`python -c 'import secrets; print(\"1:\" + secrets.token_hex(32))'`"
        )


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    name = PREFIX + str(first["loc"][0]).upper() if first["loc"] else ""
    says = first["msg"].removeprefix("Value error, ")
    return f"{name}: {says[:1].lower()}{says[1:]}" if name else says
