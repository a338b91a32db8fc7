"""The vocabulary every other package speaks: no input or output, no clock, no language, no money."""
