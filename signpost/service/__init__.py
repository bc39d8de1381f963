"""The door both services share: problems, limits, logs, SQLite, TLS. It knows nothing of children or keys."""
