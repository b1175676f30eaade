"""What never belongs to an agent, by the names of files and folders, wherever they lie: in a bundle and in an image.

The patterns are those of `.dockerignore`, without the `**/` in front.
"""

from __future__ import annotations

from typing import Final

IGNORE_FILE: Final = ".dockerignore"

SECRETS: Final = (
    *(".env*", "*.pem", "*.key", "*.p12", "*.pfx", "*.ppk", "*.jks", "*.keystore"),
    *("id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*"),
    *(".aws", ".ssh", ".gnupg", ".kube", ".docker"),
    *(".netrc", ".pypirc", ".npmrc", ".git-credentials"),
    *("credentials.json", "service-account*.json", "secrets.toml"),
)
CLUTTER: Final = (
    *(".git", ".hg", ".svn", ".agentcore"),
    *(".venv*", "__pycache__", "*.py[co]", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox", ".nox"),
    *(".ipynb_checkpoints", "node_modules", ".DS_Store", ".idea", ".vscode"),
)
# at the top of a project alone
BUILD_FILES: Final = (".agentcore.yaml", IGNORE_FILE, "Dockerfile", "Dockerfile.*")
