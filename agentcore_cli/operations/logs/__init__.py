"""What agents wrote: in CloudWatch Logs, or in the files of the local runtime."""
