"""What keeps an installation fit: backups, pruning, erasure, loading, exports, checks."""
