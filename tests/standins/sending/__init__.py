"""What vendors send to us, signed: people who press and write there."""
