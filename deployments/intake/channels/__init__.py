"""What people press in PagerDuty and Slack, coming back. Begin with `pagerduty.py`."""
