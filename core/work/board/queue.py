"""The order of waiting jobs, fair between users rather than between jobs, and between the places that they ask from.

Knows ids and names only. The place with the fewest running jobs comes next, and there the user with the fewest running jobs comes next; among equals, the one whose last job began longest ago. So a
sweep of a hundred tasks delays the next user only by the tasks that run, not by those that wait.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Container, Hashable, Iterator, Mapping


class FairQueue:
    """Jobs that wait, by the users who asked for them.

    Parameters
    ----------
    place_of : callable, optional
        From where a user asks; each user alone where it is left out.
    """

    def __init__(self, place_of: Callable[[str], Hashable] = lambda owner: owner) -> None:
        self._place_of = place_of
        self._lines: dict[str, list[str]] = {}
        self._lanes: dict[str, str] = {}
        self._last_turn: dict[str, int] = {}
        self._last_turn_at: dict[Hashable, int] = {}
        self._turns = 0

    def __contains__(self, job_id: object) -> bool:
        """Whether a job waits."""
        return job_id in self._lanes

    def __len__(self) -> int:
        """How many jobs wait."""
        return len(self._lanes)

    def add(self, job_id: str, owner: str, lane: str = "") -> None:
        """Put a job at the end of its owner's line; one that several users wait for is in the line of each.

        Parameters
        ----------
        job_id : str
        owner : str
        lane : str
            Which workers can execute it.
        """
        line = self._lines.setdefault(owner, [])
        if job_id not in line:
            line.append(job_id)
        self._lanes.setdefault(job_id, lane)

    def leave(self, job_id: str, owner: str) -> None:
        """Take a job out of one user's line.

        Parameters
        ----------
        job_id : str
        owner : str
            Ignored if the job is not in this user's line.
        """
        line = self._lines.get(owner, [])
        if job_id in line:
            line.remove(job_id)
            self._drop_empty()

    def remove(self, job_id: str) -> None:
        """Take a job out of all lines.

        Parameters
        ----------
        job_id : str
            A job that does not wait is ignored.
        """
        self._lanes.pop(job_id, None)
        for line in self._lines.values():
            if job_id in line:
                line.remove(job_id)
        self._drop_empty()

    def take(
        self,
        running: Mapping[str, int],
        lane: str = "",
        most: int | None = None,
        rank: Callable[[str], int] = lambda _: 0,
    ) -> tuple[str, str] | None:
        """Take the next job out of the queue.

        Parameters
        ----------
        running : mapping of str to int
            How many jobs run for each user.
        lane : str
            Lane of the workers that are free.
        most : int, optional
            Most jobs that may run for one user.
        rank : callable
            Of the jobs of one user the one with the lowest rank comes first; of equals, the one that has waited longest.

        Returns
        -------
        (str, str) or None
            The job, and the user for whom it was taken; None where nothing can begin now.
        """
        firsts = {owner: self._first(line, lane, rank) for owner, line in self._lines.items()}
        able = [who for who, first in firsts.items() if first and (most is None or running.get(who, 0) < most)]
        if not able:
            return None
        at, place_of = self._running_at(running), self._place_of
        owner = min(
            able,
            key=lambda who: (
                at[place_of(who)],
                self._last_turn_at.get(place_of(who), 0),
                running.get(who, 0),
                self._last_turn.get(who, 0),
            ),
        )
        job_id = firsts[owner]
        self._turns += 1
        self._last_turn[owner] = self._last_turn_at[place_of(owner)] = self._turns
        self.remove(job_id)
        return job_id, owner

    def order(self, running: Mapping[str, int]) -> list[str]:
        """List the jobs in the order in which they would begin if no others were added.

        Every session that waits asks for it twice a second: it takes a moment for thousands of jobs, too.
        """
        counts, last_turn, order = Counter(dict(running)), dict(self._last_turn), dict[str, None]()
        at, last_turn_at = self._running_at(running), dict(self._last_turn_at)
        for lane in sorted(set(self._lanes.values())):
            lines = {
                who: iter([job_id for job_id in line if self._lanes[job_id] == lane])
                for who, line in self._lines.items()
            }
            users: dict[Hashable, list[tuple[int, int, int, str]]] = {}
            for number, who in enumerate(lines):
                users.setdefault(self._place_of(who), []).append((counts[who], last_turn.get(who, 0), number, who))
            for of_place in users.values():
                heapq.heapify(of_place)
            turns = [(at[place], last_turn_at.get(place, 0), number, place) for number, place in enumerate(users)]
            heapq.heapify(turns)
            while turns:
                *_, number, place = heapq.heappop(turns)
                taken = _next(users[place], lines, order)
                if taken is None:
                    continue
                who, number_of_user, job_id = taken
                order[job_id] = None
                counts[who] += 1
                at[place] += 1
                last_turn[who] = last_turn_at[place] = self._turns + len(order)
                heapq.heappush(users[place], (counts[who], last_turn[who], number_of_user, who))
                heapq.heappush(turns, (at[place], last_turn_at[place], number, place))
        return list(order)

    def _running_at(self, running: Mapping[str, int]) -> Counter[Hashable]:
        at: Counter[Hashable] = Counter()
        for who, n in running.items():
            at[self._place_of(who)] += n
        return at

    def _first(self, line: list[str], lane: str, rank: Callable[[str], int]) -> str:
        return min((job_id for job_id in line if self._lanes[job_id] == lane), key=rank, default="")

    def _drop_empty(self) -> None:
        for owner in [owner for owner, line in self._lines.items() if not line]:
            del self._lines[owner]


def _next(
    users: list[tuple[int, int, int, str]], lines: Mapping[str, Iterator[str]], taken: Container[str]
) -> tuple[str, int, str] | None:
    """Find the next user of a place, his number and his first job that is not taken; None where nobody has one."""
    while users:
        *_, number, who = heapq.heappop(users)
        job_id = next((one for one in lines[who] if one not in taken), None)
        if job_id is not None:
            return who, number, job_id
    return None
