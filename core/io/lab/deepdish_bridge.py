"""deepdish 0.3.7 on numpy 2, without touching numpy.

deepdish names things that numpy 2 no longer has, replaces the process's warning filters and adds an import
hook of an old `six`. Its modules are executed here with stand-ins for `numpy`, `warnings`, `sys` and `tables`
that only they see; every other module, in every thread, sees the real ones throughout.

Knows nothing of samples. Only writing is offered: `deepdish.io.load` runs code from the file.
"""

import builtins
import importlib
import sys
import threading
import warnings
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

_LOCK = threading.RLock()


def deepdish_save(path: Path, contents: dict[str, Any], level: int = 6) -> None:
    """Write arrays as `deepdish.io.save` does, so that `deepdish.io.load` opens them.

    Compression is zlib with shuffle, which every HDF5 reader knows. The same contents give the same bytes.

    Parameters
    ----------
    path : Path
        Overwritten if it exists.
    contents : dict of str to ndarray or scipy.sparse.csr_matrix
        Under their names at the root of the file. Anything else than numbers and bytes would be pickled.
    level : int
        1 (fast) to 9 (small). On real counts 9 is 3% smaller than 6 and takes eight times as long.

    Raises
    ------
    OSError or RuntimeError
        As PyTables raises them, where the file cannot be written.
    """
    hdf5io = deepdish_io()
    # PyTables keeps one unguarded register of open files.
    with _LOCK:
        hdf5io.save(str(path), contents, compression=("zlib", level))


def deepdish_io() -> Any:
    """Import deepdish's reader and writer, at the first call.

    Returns
    -------
    module
        `deepdish.io.hdf5io`. Its `load` unpickles: never call it on an untrusted file.
    """
    with _LOCK:
        if "deepdish.io.hdf5io" not in sys.modules:
            _import_deepdish()
        return sys.modules["deepdish.io.hdf5io"]


def _import_deepdish() -> None:
    finder = _DeepdishFinder()
    sys.meta_path.insert(0, finder)
    try:
        importlib.import_module("deepdish.io.hdf5io")
    finally:
        sys.meta_path.remove(finder)


class _DeepdishFinder:
    """Finds deepdish's modules, and no others."""

    def __init__(self) -> None:
        self._stand_ins = _stand_ins()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        found = PathFinder.find_spec(name, path, target) if name.partition(".")[0] == "deepdish" else None
        if found is None or found.origin is None:
            return None
        loader = _DeepdishLoader(name, found.origin, self._stand_ins)
        return spec_from_file_location(
            name, found.origin, loader=loader, submodule_search_locations=found.submodule_search_locations
        )


class _DeepdishLoader(SourceFileLoader):
    """Executes a module whose `import numpy` and the like bring the stand-ins."""

    def __init__(self, name: str, path: str, stand_ins: dict[str, ModuleType]) -> None:
        super().__init__(name, path)
        self._stand_ins = stand_ins

    def exec_module(self, module: ModuleType) -> None:
        # A module's `import` statements call the `__import__` of the builtins in its own namespace.
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": self._import}
        super().exec_module(module)

    def _import(self, name: str, *args: Any, **kwargs: Any) -> Any:
        found = __import__(name, *args, **kwargs)
        return self._stand_ins.get(name, found)


class _StandIn(ModuleType):
    """A module with some names of its own; the others are those of the real one."""

    def __init__(self, real: ModuleType, **names: Any) -> None:
        super().__init__(real.__name__)
        self._real = real
        self.__dict__.update(names)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _stand_ins() -> dict[str, ModuleType]:
    import tables  # PyTables takes half a second to import, and reading does without it

    class TimelessFile(tables.File):  # type: ignore[misc]
        """Writes no times of creation, so that the same contents give the same bytes."""

        def create_array(self, *args: Any, **kwargs: Any) -> Any:
            return super().create_array(*args, **kwargs, track_times=False)

        def create_carray(self, *args: Any, **kwargs: Any) -> Any:
            return super().create_carray(*args, **kwargs, track_times=False)

    return {
        "numpy": _StandIn(
            np, ComplexWarning=np.exceptions.ComplexWarning, unicode_=np.str_, string_=np.bytes_, object=object
        ),
        "warnings": _StandIn(warnings, simplefilter=lambda *args, **kwargs: None),
        # The hook that deepdish's copy of six appends has no `find_spec`: Python 3.11 warns of it at every import.
        "sys": _StandIn(sys, meta_path=[]),
        "tables": _StandIn(tables, open_file=TimelessFile),
    }
