"""What can be set from outside: one frozen object, built at the entry point and passed down."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict

from features.errors import SettingsError

PREFIX = "RTO_"

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
        description="Where the log is: sqlite:///path. Empty means store/rto.sqlite3 under "
        "RTO_HOME.",
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
    retention_days: int | None = Field(
        default=None,
        ge=30,
        description="Days after which contacts of finished orders may be pruned. Empty keeps them.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least serious message that is written to stderr."
    )

    @model_validator(mode="after")
    def _only_sqlite(self) -> Settings:
        if self.database_url and not self.database_url.startswith("sqlite:///"):
            raise ValueError("RTO_DATABASE_URL must begin with sqlite:///")
        return self

    @property
    def database(self) -> Path:
        """The SQLite file of the log."""
        if self.database_url:
            return Path(self.database_url.removeprefix("sqlite:///"))
        return self.home / "store" / "rto.sqlite3"

    @property
    def tracking_uri(self) -> str:
        """The MLflow store, with its default filled in."""
        return self.mlflow_uri or f"sqlite:///{self.home.resolve() / 'mlflow.db'}"

    @property
    def folds_dir(self) -> Path:
        """Folder of the published window tables, one per fold."""
        return self.home / "folds"

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
    return "********" if isinstance(value, SecretStr) else str(value)


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
