"""The gateway's pages, before a whole index and real key holders."""
