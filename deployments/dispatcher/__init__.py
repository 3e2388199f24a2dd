"""Speaks to Prefect for the paging plane: sends events, watches runs between two owners."""
