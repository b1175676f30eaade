"""The sense of a text as a vector, by a small model that ships inside a package: `agentcore-toolkit[embeddings]`.

The package is wordllama: 32,000 pieces of words, a vector of 256 numbers for each (MIT; 16 MB). A text's vector is the
mean of its pieces'. Its files are read as they lie in the package, since the package's own loader looks for one of them
on the network; nothing is downloaded.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

SIZE: Final = 256  # numbers of a vector
TEXT_MAX: Final = 4000  # characters of a text that are looked at
_WEIGHTS: Final = "weights/l2_supercat_256.safetensors"
_PIECES: Final = "tokenizers/l2_supercat_tokenizer_config.json"


def installed() -> Path | None:
    """The folder of the model, if it is here whole, with what it takes to read it."""
    if any(importlib.util.find_spec(name) is None for name in ("wordllama", "numpy", "tokenizers", "safetensors")):
        return None
    found = importlib.util.find_spec("wordllama")
    folder = Path(found.origin).parent if found is not None and found.origin else None
    whole = folder is not None and (folder / _WEIGHTS).is_file() and (folder / _PIECES).is_file()
    return folder if whole else None


class Model:
    """Read from `folder`, which takes about a second; so it is for the first search."""

    def __init__(self, folder: Path) -> None:
        import numpy
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        self._numpy = numpy
        self._tokenizer = Tokenizer.from_file(str(folder / _PIECES))
        self._tokenizer.no_padding()
        self._weights = load_file(folder / _WEIGHTS)["embedding.weight"]

    def vectors(self, texts: Sequence[str]) -> Any:
        """A row of SIZE numbers of length 1 for each text; of length 0 for one without a word."""
        rows = self._numpy.zeros((len(texts), SIZE), dtype="float32")
        encoded = self._tokenizer.encode_batch([text[:TEXT_MAX] for text in texts], add_special_tokens=False)
        for row, pieces in zip(rows, encoded, strict=True):
            if pieces.ids:
                mean = self._weights[pieces.ids].astype("float32").mean(axis=0)
                row[:] = mean / (self._numpy.linalg.norm(mean) or 1.0)
        return rows
