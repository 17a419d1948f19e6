"""The dask cluster that does the work: one that is given, or processes on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa

from codeshift.checks import check_integer
from codeshift.distributed.shards import Shard, Unreadable
from codeshift.errors import DataError, MissingExtraError, ParameterError
from codeshift.properties.freed_memory import keep_freed_memory

if TYPE_CHECKING:
    import numpy as np
    from dask.distributed import Client

_QUIET = {
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.worker.memory.monitor-interval": "500ms",
    "distributed.worker.profile.enabled": False,
    "distributed.nanny.pre-spawn-environ.HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
}
"""Settings of dask by which processes of this machine show no bars of each file, and watch themselves less often, since
that takes its cores too."""


@dataclass(frozen=True, eq=False)
class Cluster:
    """Workers, which are given tasks by a ``dask.distributed.Client``.

    Tasks depend on their arguments alone, so that one whose worker dies is done by another.

    Attributes:
        client: Client.
    """

    client: Client

    @property
    def workers(self) -> int:
        """Number of workers now, at least 1."""
        return max(len(self.client.nthreads()), 1)

    def each(self, function: Callable[..., Any], arguments: Iterable[Sequence[Any]]) -> list[Any]:
        """Call a function with each of several lists of arguments, and return the results in their order.

        The error of a call is raised; those that were not begun are then cancelled.
        """
        futures = self.futures(function, arguments)
        try:
            return list(self.client.gather(futures))
        finally:
            self.client.cancel(futures)

    def futures(self, function: Callable[..., Any], arguments: Iterable[Sequence[Any]]) -> list[Any]:
        """Begin calls, whose results stay on the workers: arguments of further calls."""
        return [self.client.submit(function, *each, key=_key(function, each)) for each in arguments]

    def shared(self, value: Any) -> Any:
        """Return a value as an argument of many calls, which is sent to a worker once."""
        return self.client.submit(_same, value, pure=False)


def _key(function: Callable[..., Any], arguments: Sequence[Any]) -> str:
    """Return a new name of a task, by which dask's pages show what is done with the rows of a shard."""
    named = arguments[2] if function is on_shard else function
    return f"{named.__name__.strip('_')}-{uuid4().hex}"


def _same(value: Any) -> Any:
    return value


def on_shard(shard: Shard, kept: np.ndarray | None, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function with the rows of a shard, in a worker.

    Returns:
        Its result; ``Unreadable`` if the file cannot be read.

    Raises:
        DataError: as the function does, with the name of the file.
    """
    keep_freed_memory()
    try:
        shard.data()
    except (OSError, pa.ArrowException) as error:
        return Unreadable(shard.path, f"{type(error).__name__}: {error}")
    try:
        return function(shard.split_rows(kept), *arguments)
    except DataError as error:
        remedy = f"{error.remedy} (in {shard.path})"
        raise type(error)(error.parameter, error.constraint, error.value, remedy) from error


@contextmanager
def cluster_of(client: Client | None, workers: int | None) -> Iterator[Cluster]:
    """Yield the cluster of a client, or one of processes on this machine, which then ends.

    Args:
        client: Client.
        workers: Number of processes; None for one a core.

    Raises:
        ParameterError: if both are given, or ``client`` is no client.
        MissingExtraError: if dask.distributed is not installed.
    """
    try:
        from dask.distributed import Client, LocalCluster
    except ImportError as error:
        raise MissingExtraError("dask.distributed", "scale") from error
    if client is not None:
        if workers is not None:
            raise ParameterError("workers", "left out if client is given", workers, "the cluster has its workers")
        if not isinstance(client, Client):
            remedy = 'Client("tcp://scheduler:8786") of dask.distributed'
            raise ParameterError("client", "a dask.distributed.Client", client, remedy)
        yield Cluster(client)
        return
    if workers is not None:
        workers = check_integer("workers", workers, smallest=1, remedy="leave it out for one a core")
    import dask

    with (
        dask.config.set(_QUIET),
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0") as local,
        Client(local) as started,
    ):
        yield Cluster(started)
