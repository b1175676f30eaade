"""What is made on a target, looked at, and removed: from `plan` to `destroy`."""
