"""What every test shares: generated examples have no deadline, since a busy machine is not a fault."""

from hypothesis import settings

settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")
