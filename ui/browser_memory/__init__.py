"""A word that the browser keeps for this app, as a cookie."""

from ui.browser_memory.component import remember

__all__ = ["remember"]
