"""Feeds, alone."""
