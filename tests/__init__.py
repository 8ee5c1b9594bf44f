"""Proofs of behaviour, in folders that mirror the product's."""
