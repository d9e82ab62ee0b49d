"""Bringing a merchant's export to a data folder: read, clean, gather, join, report.

The way of a row: ``source`` reads it, ``cells`` and ``columns`` clean each distinct cell under our
names, ``gather`` makes lines one order, ``fates`` says what became of it, ``importer`` leads it
through and writes the tables. Nothing is dropped silently: a row is kept, merged into an equal one,
or refused with a reason in ``refused.csv``.
"""
