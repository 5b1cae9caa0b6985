"""Settings for all tests."""

from hypothesis import settings

# No test may depend on how busy the machine is.
settings.register_profile("wireproof", deadline=None)
settings.load_profile("wireproof")
