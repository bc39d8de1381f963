"""Facts about the index alone, each of one pure part."""
