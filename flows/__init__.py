"""One runbook per incident type, readable as prose."""
