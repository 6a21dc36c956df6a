"""A value that the browser keeps for this app in a cookie."""

from ui.browser_memory.component import remember

__all__ = ["remember"]
