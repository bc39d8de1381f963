"""What must be absent: from tables, logs, responses and process imports."""
