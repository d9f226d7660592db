"""The child process that turns a GGUF file into safetensors, tokenizer and configuration: `main(gguf, target folder)`.

A process of its own, so that the gigabyte it takes is given back, it can be stopped at any moment, and the libraries it
loads see nothing of the folder that Pathline was started in. It prints one line of JSON, `{"error": …}` when it failed.
"""

from __future__ import annotations

import errno
import functools
import json
import os
import sys
from pathlib import Path

from .environment import library_environment


def main() -> int:
    gguf, folder = Path(sys.argv[1]), Path(sys.argv[2])
    os.environ.update(library_environment())
    problem = ""
    try:
        convert(gguf, folder)
    except ImportError as error:
        problem = f"missing: {error}"
    except OSError as error:
        problem = f"full: {error}" if error.errno == errno.ENOSPC else f"file: {error}"
    except MemoryError:
        problem = "memory: not enough memory"
    except Exception as error:  # noqa: BLE001 - a foreign file may break the loaders anywhere; the parent words it
        problem = f"full: {error}" if "No space left" in str(error) else f"file: {type(error).__name__}: {error}"
    print(json.dumps({"error": problem[:500]}))
    return 1 if problem else 0


def convert(gguf: Path, folder: Path) -> None:
    """Write config.json, model.safetensors (bfloat16) and the tokenizer of `gguf` into `folder`."""
    import gguf as gguf_library
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    # Parsing the header takes seconds, and transformers does it anew for configuration, weights and tokenizer.
    gguf_library.GGUFReader = functools.lru_cache(maxsize=1)(gguf_library.GGUFReader)
    where = {"gguf_file": gguf.name, "local_files_only": True, "trust_remote_code": False}
    model = AutoModelForCausalLM.from_pretrained(
        str(gguf.parent), dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True), **where
    )
    tokenizer = AutoTokenizer.from_pretrained(str(gguf.parent), **where)
    model.save_pretrained(str(folder), safe_serialization=True)
    tokenizer.save_pretrained(str(folder))
    if _pre_tokenizer_kind(gguf) == "smollm":
        split_digits(folder / "tokenizer.json")


def split_digits(tokenizer_json: Path) -> None:
    """Let the tokenizer take every digit by itself before anything else, as SmolLM's does.

    GGUF names the rule ("smollm") without spelling it out and transformers' conversion leaves it at GPT-2's; the two
    differ where spaces stand before a number, as in indented code.
    """
    data = json.loads(tokenizer_json.read_text("utf-8"))
    digits = {"type": "Digits", "individual_digits": True}
    if data["pre_tokenizer"]["type"] == "ByteLevel":
        data["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [digits, data["pre_tokenizer"]]}
        tokenizer_json.write_text(json.dumps(data, ensure_ascii=False), "utf-8")


def _pre_tokenizer_kind(gguf: Path) -> str:
    from gguf import GGUFReader

    field = GGUFReader(str(gguf)).get_field("tokenizer.ggml.pre")
    return str(field.contents()) if field is not None else ""
