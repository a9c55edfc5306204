"""The benchmark. It uses only the standard library, so that no packages need to be installed to repeat it."""
