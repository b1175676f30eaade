"""`configure` and `init`: what a project is, written into its config."""
