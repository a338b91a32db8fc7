"""Scanners see: they turn permits into observations and judge nothing."""
