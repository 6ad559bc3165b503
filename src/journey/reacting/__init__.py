"""The reactor: follows the log, asks the policies, and appends what they want."""
