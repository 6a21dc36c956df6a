import pytest

from core.io import importing, lab
from core.io.incoming import ImportChoices
from tests.sections import SHIPPED


@pytest.fixture(scope="session")
def shipped():
    """The section that ships: on the lattice, with pixels, without an image."""
    return lab.read(SHIPPED)


@pytest.fixture(scope="session")
def imported(shared_data):
    """Reads a real section beside the project, with its annotation."""

    def read(name):
        source = shared_data / name
        chosen = ImportChoices(annotation=importing.survey(source).suggested_annotation)
        return importing.read(source, chosen)

    return read
