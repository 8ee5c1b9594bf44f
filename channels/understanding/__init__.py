"""Classifiers: text -> `Reading`. They know no conversation and decide nothing."""
