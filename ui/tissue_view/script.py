"""One script of several modules: Streamlit takes a component's JavaScript as one text.

Its asset folders, which could serve modules as they are, exist for installed packages alone; the app also runs from a
checkout. So our own modules are put one behind the other in the order of their imports, without the words that link them.
"""

import re
from collections.abc import Sequence
from pathlib import Path

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./\w+\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def joined(folder: Path, modules: Sequence[str]) -> str:
    """Put modules one behind the other, each after those that it imports; the last one keeps its default export."""
    text = "\n".join((folder / f"{name}.js").read_text(encoding="utf-8") for name in modules)
    return _EXPORT.sub("", _IMPORT.sub("", text))
