"""The gateway's pages, for people: what /api/v1 is for programs."""
