"""The files of a project that an artifact holds."""
