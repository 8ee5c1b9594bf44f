"""Conversations as state machines: pure decisions, no I/O, no clock, no randomness."""
