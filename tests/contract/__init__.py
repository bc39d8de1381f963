"""Facts about the project itself: who imports whom, and what may stand in the repository."""
