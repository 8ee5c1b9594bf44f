"""Tests of the composition and the command line."""
