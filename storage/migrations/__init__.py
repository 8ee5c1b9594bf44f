"""How the database's tables came to be what storage.tables says."""
