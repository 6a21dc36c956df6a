"""Join JavaScript modules and their styles into one script, which loader.js fetches once.

Streamlit could serve modules from asset folders, but only for installed packages, and the app also runs from a checkout. So
the modules are joined in the order of their imports, without their import and export statements.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./\w+\.js";\n', re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def joined(folder: Path, modules: Sequence[str]) -> str:
    """Join modules, each after those that it imports; the last one keeps its default export."""
    text = "\n".join((folder / f"{name}.js").read_text(encoding="utf-8") for name in modules)
    return _EXPORT.sub("", _IMPORT.sub("", text))


def with_styles(script: str, styles: str) -> str:
    """Put styles, without comments, before a script: what Streamlit is given as a component's own styles travels with every run."""
    return f"const STYLES = {json.dumps(_COMMENT.sub('', styles))};\n{script}"
