"""Feeds by upload: the pieces."""
