"""The door both services share."""
