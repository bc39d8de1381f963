"""The whole story on one machine, with children who do not exist."""
