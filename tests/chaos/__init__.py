"""Chaos: a storm of real rollbacks while everything around them breaks. Begin with `run.py`."""
