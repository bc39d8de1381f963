"""The ports on SQLite. Only here does the index speak SQL."""
