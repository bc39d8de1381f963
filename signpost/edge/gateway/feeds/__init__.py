"""Feeds by upload: `signpost register` for whoever has no desk of a feed, at their organisation's gateway."""
