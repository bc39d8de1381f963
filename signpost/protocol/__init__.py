"""What edges, key holders and the index say to each other. Pure: no I/O, no clock, no randomness."""
