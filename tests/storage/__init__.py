"""Tests of what is kept, on SQLite and on MariaDB."""
