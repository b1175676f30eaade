"""Which distribution an import comes from, where the names differ, and what the standard library holds."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Final


def words(text: str) -> frozenset[str]:
    """The words of a text, for tables of names."""
    return frozenset(text.split())


# Import name -> distributions that bring it, as their own documentation names them; the first is the one to advise.
_KNOWN: Final[dict[str, tuple[str, ...]]] = {
    "a2a": ("a2a-sdk",),
    "agents": ("openai-agents",),
    "autogen_agentchat": ("autogen-agentchat",),
    "claude_agent_sdk": ("claude-agent-sdk",),
    "ag_ui": ("ag-ui-protocol",),
    "attr": ("attrs",),
    "bs4": ("beautifulsoup4",),
    "Crypto": ("pycryptodome",),
    "cv2": ("opencv-python", "opencv-python-headless", "opencv-contrib-python"),
    "dateutil": ("python-dateutil",),
    "distutils": ("setuptools",),
    "docx": ("python-docx",),
    "dotenv": ("python-dotenv",),
    "faiss": ("faiss-cpu", "faiss-gpu"),
    "fitz": ("pymupdf",),
    "git": ("gitpython",),
    "grpc": ("grpcio",),
    "jose": ("python-jose",),
    "jwt": ("pyjwt",),
    "magic": ("python-magic",),
    "multipart": ("python-multipart",),
    "MySQLdb": ("mysqlclient",),
    "nacl": ("pynacl",),
    "OpenSSL": ("pyopenssl",),
    "PIL": ("pillow",),
    "pkg_resources": ("setuptools",),
    "pptx": ("python-pptx",),
    "psycopg2": ("psycopg2-binary", "psycopg2"),
    "serial": ("pyserial",),
    "skimage": ("scikit-image",),
    "sklearn": ("scikit-learn",),
    "strands": ("strands-agents",),
    "strands_tools": ("strands-agents-tools",),
    "tavily": ("tavily-python",),
    "telegram": ("python-telegram-bot",),
    "vertexai": ("google-cloud-aiplatform",),
    "win32api": ("pywin32",),
    "yaml": ("pyyaml",),
    "zmq": ("pyzmq",),
}
# Imports of the same name as the distribution that are common enough to be sure of.
_SAME_NAME: Final = words("""
    aiohttp anthropic bedrock-agentcore boto3 botocore chromadb click crewai fastapi fastmcp flask gradio
    httpx jinja2 langchain langchain-aws langchain-core langgraph litellm llama-index matplotlib mcp networkx
    nltk numpy openai opentelemetry-api pandas playwright polars psycopg pydantic pydantic-ai pymongo pypdf
    redis requests rich scipy sqlalchemy starlette streamlit sympy tenacity tiktoken torch tornado tqdm
    transformers uvicorn websockets
""")
# What the two SDKs of nearly every agent bring with them (their metadata, 1.25 and 1.56): saves asking uv.
_BRINGS: Final[dict[str, frozenset[str]]] = {
    "bedrock-agentcore": words("boto3 botocore pydantic starlette typing-extensions urllib3 uvicorn websockets anyio"),
    "strands-agents": words(
        "boto3 botocore docstring-parser httpx jsonschema mcp opentelemetry-api opentelemetry-sdk pydantic pyyaml"
        " typing-extensions watchdog"
    ),
    "strands-agents-tools": words(
        "aiohttp markdownify pillow prompt-toolkit pyjwt requests rich strands-agents sympy tenacity"
    ),
    "fastapi": words("pydantic starlette typing-extensions anyio"),
    "boto3": words("botocore s3transfer jmespath python-dateutil urllib3"),
}
# Shared by many distributions: the import's first name says nothing.
_NAMESPACES: Final = frozenset({"google", "azure", "opentelemetry", "zope", "llama_index"})

# Modules that left the standard library or joined it, by the minor version (What's New in Python 3.11 to 3.14).
_REMOVED: Final[dict[int, frozenset[str]]] = {
    12: words("asynchat asyncore distutils imp smtpd"),
    13: words(
        "aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap msilib nis nntplib ossaudiodev pipes sndhdr spwd"
        " sunau telnetlib uu xdrlib"
    ),
}
_ADDED: Final[dict[int, frozenset[str]]] = {11: frozenset({"tomllib"}), 14: frozenset({"annotationlib", "compression"})}


_OF_VARIANTS: Final = re.compile(r"^python-|-(python|sdk|cpu|gpu|binary|headless|contrib)\b.*|[-_.]")


def normalised(name: str) -> str:
    """A distribution's name in the form in which names are compared (PyPA's name normalisation)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def brings(distributions: Iterable[str], root: str) -> bool:
    """Whether one of the distributions, by its name, is where an import of `root` comes from."""
    if root in _NAMESPACES:
        return any(name.startswith(f"{normalised(root)}-") for name in distributions)
    return not set(_KNOWN.get(root, (normalised(root),))).isdisjoint(distributions)


def advised(root: str) -> str | None:
    """The distribution to require for an import of `root`; None where that would be a guess at a stranger's package."""
    if root in _KNOWN:
        return _KNOWN[root][0]
    return normalised(root) if normalised(root) in _SAME_NAME else None


def is_known(root: str) -> bool:
    """Whether it is a fact, and no guess, which distribution `root` comes from."""
    return root in _KNOWN or normalised(root) in _SAME_NAME


def may_bring(distribution: str, root: str) -> bool:
    """Whether a distribution whose content is not seen may bring `root`, whose own distribution is known.

    Variants do (`pydantic-ai-slim`, `opencv-contrib-python-headless`), and they carry the name.
    """
    names = {root.strip("_"), *_KNOWN.get(root, ())}
    stems = {_OF_VARIANTS.sub("", name.lower()) for name in names}
    return any(stem and stem in distribution.replace("-", "") for stem in stems)


def brought_by(distributions: frozenset[str]) -> frozenset[str]:
    """What well-known distributions bring with them, as far as that is known without asking."""
    brought = distributions
    while (more := brought.union(*(_BRINGS.get(name, frozenset()) for name in brought))) != brought:
        brought = more
    return brought


def in_standard_library(root: str, python: str) -> bool:
    """Whether `root` is a module of that Python's standard library."""
    minor = int(python.partition(".")[2])
    if any(root in names for version, names in _ADDED.items() if version > minor):
        return False
    if removed_in(root, python):
        return False
    everywhere = sys.stdlib_module_names.union(*_REMOVED.values(), *_ADDED.values())
    return root in everywhere


def removed_in(root: str, python: str) -> str | None:
    """The version, up to `python`, that took `root` out of the standard library."""
    minor = int(python.partition(".")[2])
    return next((f"3.{version}" for version, names in _REMOVED.items() if root in names and version <= minor), None)
