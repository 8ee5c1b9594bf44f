"""Tests of the booking vocabulary."""
