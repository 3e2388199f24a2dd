"""What is counted for ever, in the transaction of what it counts. `tallies.py`."""

from tasks.store.tallies.tallies import SUM, Count, Tallies, add, count, time_taken

__all__ = ["SUM", "Count", "Tallies", "add", "count", "time_taken"]
