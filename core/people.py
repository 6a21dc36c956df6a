"""Who somebody is: what owns runs, jobs and annotations.

Without a sign-in that is a name, which nobody checks. With one it is the name and a mark made of issuer and subject, the only
pair that OpenID Connect promises to be one person's: two people of one name are two, and one who is renamed stays himself.
"""

import hashlib
import re

_MARK = re.compile(r" #([0-9a-f]{16})$")


def signed_in(name: str, issuer: str, subject: str) -> str:
    """Say who signed in.

    Parameters
    ----------
    name : str
        Which is only shown.
    issuer, subject : str
        The claims `iss` and `sub`.

    Returns
    -------
    str
    """
    mark = hashlib.sha256(f"{issuer} {subject}".encode()).hexdigest()[:16]  # neither holds a space
    return f"{name} #{mark}"


def called(who: str) -> str:
    """Name somebody for people.

    Parameters
    ----------
    who : str

    Returns
    -------
    str

    Examples
    --------
    >>> called("Ada #0123456789abcdef"), called("Ada")
    ('Ada', 'Ada')
    """
    return _MARK.sub("", who)


def is_same(one: str, other: str) -> bool:
    """Whether two are one person: by their marks where they have any, else by their names.

    Parameters
    ----------
    one, other : str

    Returns
    -------
    bool

    Examples
    --------
    >>> is_same("Ada #0123456789abcdef", "Ada Lovelace #0123456789abcdef"), is_same("Ada #0123456789abcdef", "Ada")
    (True, False)
    """
    marks = [_MARK.search(who) for who in (one, other)]
    if marks[0] is None or marks[1] is None:
        return one == other
    return marks[0][1] == marks[1][1]
