"""Policies as IAM reads them."""
