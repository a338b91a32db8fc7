"""Alembic's chain of migrations; alembic loads its files by path."""
