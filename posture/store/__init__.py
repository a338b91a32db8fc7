"""Keeps assessments and policies: SQLite by default, PostgreSQL by URL, one chain of migrations."""
