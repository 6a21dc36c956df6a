"""A Dask cluster that somebody else keeps, on this machine or on others: found by its address, joined, and left as it was.

Dask sends pickles and runs any code it receives. Whoever reaches a scheduler without TLS can run code as all its workers
and clients, so working without TLS must be switched on explicitly.
"""

import os

from distributed import Client, Security

from core.errors import WorkError
from core.work.cluster import depot
from core.work.cluster.depot import MissingFileError

ADDRESS, INSECURE = "DASK_SCHEDULER_ADDRESS", "SPCA_INSECURE_CLUSTER"
"""Settings: where the scheduler listens, and whether to do without TLS (`yes`)."""

_FILES = {"SPCA_TLS_CA": "tls_ca_file", "SPCA_TLS_CERT": "cert", "SPCA_TLS_KEY": "key"}
_ENCRYPTED = ("tls://", "wss://")
_SECONDS_TO_CONNECT = 15
_SECONDS_TO_END = 5.0
_SECONDS_TO_RESTART = 30


def is_configured() -> bool:
    """Whether work goes to an outside cluster."""
    return bool(os.environ.get(ADDRESS, "").strip())


def address() -> str:
    """Look up the address of the scheduler.

    Returns
    -------
    str
        With its protocol: `tls://` where none is given.

    Raises
    ------
    WorkError
        If none is set, or its connections would be open to anyone and the switch is not set.
    """
    given_address = os.environ.get(ADDRESS, "").strip()
    if not given_address:
        raise WorkError(f"No scheduler is named: set {ADDRESS}, such as {ADDRESS}=tls://host:8786.")
    found = given_address if "://" in given_address else f"tls://{given_address}"
    if not found.startswith(_ENCRYPTED) and os.environ.get(INSECURE) != "yes":
        raise WorkError(
            f"{ADDRESS} is {found}, a connection without encryption: anyone who reaches that port can run code as you, on "
            "every worker and here. Use a tls:// scheduler with SPCA_TLS_CA, SPCA_TLS_CERT and SPCA_TLS_KEY; or set "
            f"{INSECURE}=yes if nobody else can reach that network."
        )
    return found


def security() -> Security:
    """Collect the credentials for the cluster: from `SPCA_TLS_CA`, `SPCA_TLS_CERT` and `SPCA_TLS_KEY`, else from Dask's own settings.

    Raises
    ------
    WorkError
        If the address wants TLS and some credential is missing.
    """
    if not address().startswith(_ENCRYPTED):
        return Security()
    given = {setting: os.environ.get(setting, "").strip() for setting in _FILES}
    if any(given.values()):
        _check_files(given)
        return Security(require_encryption=True, **_for_every_role(given))
    by_dask = Security(require_encryption=True)
    credentials = by_dask.get_tls_config_for_role("client")
    if not (credentials["ca_file"] and credentials["cert"]):
        raise WorkError(
            f"{address()} asks for TLS, and there are no credentials: set SPCA_TLS_CA, SPCA_TLS_CERT and SPCA_TLS_KEY to the "
            "files of the authority, the certificate and its key."
        )
    return by_dask


def _check_files(given: dict[str, str]) -> None:
    for setting, file in given.items():
        if not file:
            raise WorkError(f"{setting} is not set: TLS needs all of {', '.join(_FILES)}.")
        if not os.access(file, os.R_OK):
            raise WorkError(f"{setting} is {file}, which cannot be read. Is the path right, and may this user read it?")


def _for_every_role(given: dict[str, str]) -> dict[str, str]:
    named = {_FILES[setting]: file for setting, file in given.items()}
    roles = {f"tls_{role}_{part}": named[part] for role in ("client", "worker") for part in ("cert", "key")}
    return {"tls_ca_file": named["tls_ca_file"], **roles}


class OutsideCluster:
    """A connection to a running cluster.

    Raises
    ------
    WorkError
        If it must not be used, or does not answer.
    """

    def __init__(self) -> None:
        self.address = address()
        credentials = security()
        try:
            self.client = Client(self.address, security=credentials, timeout=_SECONDS_TO_CONNECT, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise WorkError(
                f"The scheduler at {self.address} does not answer, or does not accept this server's certificate. Start it, or "
                f"check {ADDRESS} and the credentials; then start the work again."
            ) from error

    @property
    def alive(self) -> bool:
        """Whether it is connected."""
        return bool(self.client.status == "running")

    def n_workers(self) -> int:
        """Count how many tasks can run at once."""
        return int(sum(self.client.nthreads().values()))

    def send(self, missing: MissingFileError) -> None:
        """Send files to a worker that lacks them."""
        pairs = zip(missing.names, missing.paths, strict=True)
        files = {name: path.read_bytes() if path.exists() else None for name, path in pairs}
        self.client.run(depot.take_in, files, workers=[missing.worker])

    def end_worker(self, pid: int, worker: str) -> None:
        """Have the keeper on its machine replace a process that does not react.

        Parameters
        ----------
        pid : int
            Means nothing on this machine.
        worker : str
            Its address; empty where the task has not begun.
        """
        del pid
        if worker:
            self.client.restart_workers([worker], timeout=_SECONDS_TO_RESTART, raise_for_error=False)

    def close(self) -> None:
        """Leave the cluster, which keeps running."""
        self.client.close(timeout=_SECONDS_TO_END)
