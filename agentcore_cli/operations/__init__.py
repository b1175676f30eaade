"""The use cases: a typed request in, a typed result out. They know neither Typer nor rich, argv nor exit codes."""
