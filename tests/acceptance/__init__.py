"""The real process, real databases, a real browser."""
