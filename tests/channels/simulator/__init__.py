"""Proofs about the simulator's page and its doors."""
