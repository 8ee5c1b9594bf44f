"""Tests of the classifiers."""
