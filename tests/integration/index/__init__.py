"""Facts about the index as a whole, on its real database."""
