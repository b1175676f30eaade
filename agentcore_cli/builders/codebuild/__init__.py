"""An image that AWS CodeBuild builds, on ARM: here only what it builds from is packed."""
