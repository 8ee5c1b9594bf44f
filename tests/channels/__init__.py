"""Proofs about the doors to the outside world."""
