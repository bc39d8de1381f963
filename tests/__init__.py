"""The tests: each is one fact, with its name and docstring saying which."""
