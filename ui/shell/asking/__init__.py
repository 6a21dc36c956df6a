"""Ask a region: which genes tell a group of spots from the rest, or from another group; on Tissue and on Tune."""

from ui.shell.asking.groups import Asked, asked, choose, chosen
from ui.shell.asking.view import part

__all__ = ["Asked", "asked", "choose", "chosen", "part"]
