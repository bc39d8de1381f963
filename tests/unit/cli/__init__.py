"""The command line, alone."""
