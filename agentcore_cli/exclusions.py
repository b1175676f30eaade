"""What never belongs to an agent, by the names of files and folders, wherever they lie: in a bundle and in an image.

The patterns are those of `.dockerignore`, without the `**/` in front.
"""

from __future__ import annotations

from typing import Final

IGNORE_FILE: Final = ".dockerignore"

# in lower case: names are compared in lower case, which the pattern language of an ignore file has no word for
SECRETS: Final = (
    *(".env*", "*.env"),
    *("*.pem", "*.key", "*.p12", "*.pfx", "*.ppk", "*.jks", "*.keystore", "*.asc", "*.gpg", "*.kdbx", "*.p8"),
    *("id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*"),
    *(".aws", ".ssh", ".gnupg", ".kube", ".docker", ".azure", ".gcloud"),
    *(".netrc", "_netrc", ".pypirc", ".npmrc", ".git-credentials", ".pgpass", ".htpasswd", ".vault-token", ".boto"),
    *("credentials.json", "credentials.csv", "service-account*.json", "service_account*.json"),
    *("application_default_credentials.json", "client_secret*.json", "token.json"),
    *("secrets.json", "secrets.toml", "secrets.yaml", "secrets.yml", ".secrets", ".secrets.*"),
    *("terraform.tfstate", "terraform.tfstate.*", "*.tfstate", "*.tfstate.backup", "*.tfvars", ".terraformrc"),
    *("kubeconfig", "kubeconfig.*", "*.kubeconfig", ".dockerconfigjson", ".dockercfg"),
)
# what looks like one and is written to be shown
NO_SECRETS: Final = tuple(
    f"{stem}.{kind}"
    for stem in (".env", ".envrc", ".secrets")
    for kind in ("example", "sample", "template", "dist", "defaults")
)
CLUTTER: Final = (
    *(".git", ".hg", ".svn", ".agentcore"),
    *(".venv*", "__pycache__", "*.py[co]", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox", ".nox"),
    *(".ipynb_checkpoints", "node_modules", ".DS_Store", ".idea", ".vscode", ".claude"),
    *(".#*", "#*#", ".*.sw[op]", "*~"),  # of Emacs and Vim, while a file is open: a lock is a link to nowhere
)
# at the top of a project alone
BUILD_FILES: Final = (".agentcore.yaml", IGNORE_FILE, "Dockerfile", "Dockerfile.*")
