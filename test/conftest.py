"""For every Python test: no timings, so Hypothesis must not fail an example for being slow."""

from hypothesis import settings

settings.register_profile("slashbox", deadline=None)
settings.load_profile("slashbox")
