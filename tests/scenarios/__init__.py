"""Whole conversations, as data that a practice manager can read."""
