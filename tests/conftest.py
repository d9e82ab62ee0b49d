"""What holds for every test: a slow machine is no failure, so examples have no deadline."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("rto", deadline=None)
settings.load_profile("rto")
