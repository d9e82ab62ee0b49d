"""The pages' own summary of the log: counts per merchant and day or week, and what they tell."""
