"""What holds for every test: a slow machine is no failure, so examples have no deadline."""

from __future__ import annotations

from hypothesis import Phase, settings

settings.register_profile("rto", deadline=None)
# Of a mutant it is enough to know that an example fails, the same one every time.
settings.register_profile(
    "mutants",
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile("rto")
