"""Measurements on real data and under load. Nothing in the product imports this."""
