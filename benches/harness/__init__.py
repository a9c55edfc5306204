"""The benchmark: standard library only, so that nothing need be installed to repeat it."""
