"""The command line and the services as separate processes."""
