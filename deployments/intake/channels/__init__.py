"""What comes back from PagerDuty and Slack, which people pressed there."""
