"""From where users ask, on a server that checks no names: one visitor can have any number of names, but few addresses."""

from collections.abc import Callable

_MOST_KEPT = 1000


class Places:
    """Places by user; who asks from a place that is not known is a place of his own.

    Parameters
    ----------
    at_work : callable
        Names the users who have unfinished jobs: the places of all others may be forgotten.
    """

    def __init__(self, at_work: Callable[[], set[str]]) -> None:
        self._at_work = at_work
        self._known: dict[str, str] = {}

    def note(self, owner: str, place: str) -> None:
        """Keep from where a user asked last.

        Parameters
        ----------
        owner : str
        place : str
            Empty for none that is known.
        """
        self._known.pop(owner, None)
        if not place:
            return
        if len(self._known) >= _MOST_KEPT:
            at_work = self._at_work()
            self._known = {who: where for who, where in self._known.items() if who in at_work}
        self._known[owner] = place

    def of(self, owner: str) -> tuple[str, str]:
        """Say where a user is.

        Returns
        -------
        (str, str)
            The place; or no place, and the user.
        """
        place = self._known.get(owner, "")
        return (place, "") if place else ("", owner)

    def shares(self, owner: str) -> bool:
        """Whether others may be where a user is."""
        return owner in self._known
