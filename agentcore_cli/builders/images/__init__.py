"""An image for the Docker Engine: its context, its build, its push."""
