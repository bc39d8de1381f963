"""The gateway, before a whole index and key holders."""
