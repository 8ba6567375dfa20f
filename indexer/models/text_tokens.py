"""Texts as a CLIP or SigLIP reads them: tokens of its own tokenizer.json, cut and filled up to its length."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.errors import MissingExtra, ModelError, UsageError
from indexer.models.text_directory import LONGEST_TEXT, TEXTS, TOKENIZER, TextModelFiles
from indexer.system.forks import whole

LONGEST = 1_000
"""Characters of a text."""


class TextTokens:
    """A tokenizer with a fixed length.

    Texts are always filled up to the full length: SigLIP was trained on such texts alone, and to CLIP, which looks
    at what comes before the end of a text, it makes no difference.

    Args:
        files: the model's directory.
        length: of the network's input; None where it takes any.

    Raises:
        MissingExtra: the package tokenizers is not installed.
        ModelError: tokenizer.json is damaged, or says nowhere how long a text may be.
    """

    def __init__(self, files: TextModelFiles, length: int | None) -> None:
        try:
            from tokenizers import Tokenizer
        except ImportError as error:
            raise MissingExtra("tokenizers", "text") from error
        path = files.files[TOKENIZER]
        try:
            with whole():
                self._tokenizer = Tokenizer.from_str(path.read_text(encoding="utf-8"))
        except Exception as error:  # the package raises bare Exceptions
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ModelError(f"{path}: is not a tokenizer ({reason}); restore it from the export") from error
        config = files.read_json(TEXTS)
        found = length or self._length(config)
        if found is None:
            raise ModelError(
                f"{files.path}: says nowhere how long a text may be; set model_max_length in {TEXTS}, 77 for CLIP"
            )
        self.length = found
        self._pad = self._pad_id(config)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.length)

    def read(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.int64], bool]:
        """Token ids and their mask, each int64 [length], and whether the end of the text was left out.

        Raises:
            UsageError: there is no text, it is too long, or it is not valid Unicode.
        """
        check_text(text)
        encoding = self._tokenizer.encode(" ".join(text.split()))
        ids = np.full(self.length, self._pad, np.int64)
        ids[: len(encoding.ids)] = encoding.ids
        mask = np.zeros(self.length, np.int64)
        mask[: len(encoding.ids)] = 1
        return ids, mask, bool(encoding.overflowing)

    def _length(self, config: dict[str, Any]) -> int | None:
        truncation, padding = self._tokenizer.truncation or {}, self._tokenizer.padding or {}
        for found in (truncation.get("max_length"), padding.get("length"), config.get("model_max_length")):
            if isinstance(found, int | float) and 1 <= found <= LONGEST_TEXT:
                return int(found)
        return None

    def _pad_id(self, config: dict[str, Any]) -> int:
        if self._tokenizer.padding:
            return int(self._tokenizer.padding["pad_id"])
        token = config.get("pad_token")
        token = token.get("content") if isinstance(token, dict) else token
        known = self._tokenizer.token_to_id(token) if isinstance(token, str) else None
        return 0 if known is None else known


def check_text(text: str) -> None:
    """Refuse what no text model can make anything of; raises ``UsageError``."""
    if not text.strip():
        raise UsageError("the text is empty; write for example: gold ring with a red stone")
    if len(text) > LONGEST:
        raise UsageError(f"the text has {len(text)} characters; {LONGEST} are the most")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{text[:80]!r} is not valid text; write it in Unicode") from None
