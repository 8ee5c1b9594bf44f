"""How many outside examples of Twilio signatures our check agrees with.

    python -m bench.signature_vectors --data FILE

FILE is a JSON list of `{name, token, url, params: [[name, value]], body, signature, valid}`.
Exit code 1 if any disagrees.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, TypeAlias

from channels.signature import verify_body, verify_form
from engine.errors import BadSignature

Vector: TypeAlias = dict[str, Any]


def read_vectors(file: Path) -> list[Vector]:
    """Read all examples in a file."""
    vectors: list[Vector] = json.loads(file.read_text(encoding="utf-8"))
    return vectors


def agrees(vector: Vector) -> bool:
    """Tell whether we find a signature valid exactly when the example says that it is."""
    try:
        if vector["body"] is None:
            fields = [(name, value) for name, value in vector["params"]]
            verify_form([vector["token"]], vector["url"], fields, vector["signature"])
        else:
            verify_body([vector["token"]], vector["url"], vector["body"], vector["signature"])
    except BadSignature:
        return not vector["valid"]
    return bool(vector["valid"])


def main() -> None:
    """Print the share that agrees, and the names of those that do not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="JSON file of examples")
    file: Path = parser.parse_args().data
    if not file.exists():
        sys.exit(f"Skipped: there is no file {file}.")
    vectors = read_vectors(file)
    wrong = [vector["name"] for vector in vectors if not agrees(vector)]
    print(f"{len(vectors) - len(wrong)} of {len(vectors)} agree")
    for name in wrong:
        print(f"  differs: {name}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
