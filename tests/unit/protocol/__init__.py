"""The protocol core, alone."""
