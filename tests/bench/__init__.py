"""How fast and how large: ``python -m tests.bench``. Figures are printed, never asserted."""
