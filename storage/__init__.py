"""Everything that is kept, on MySQL or embedded SQLite. Knows no messaging service."""
