"""Tests of flows/consent."""
