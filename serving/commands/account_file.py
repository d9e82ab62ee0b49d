"""An account with an outside provider, as a JSON file of the operator's."""

from __future__ import annotations

from typing import TextIO, TypeVar

from pydantic import BaseModel, ValidationError

from features.errors import RefusedError

A = TypeVar("A", bound=BaseModel)


def read_account(shape: type[A], file: TextIO) -> A:
    """What an account's file says.

    Raises
    ------
    RefusedError
        Naming the field at fault and what is wrong with it, never its value.
    """
    try:
        return shape.model_validate_json(file.read())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise RefusedError(f"{file.name}: {where}: {first['msg']}") from None
