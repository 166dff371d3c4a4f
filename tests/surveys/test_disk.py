"""The guard of the disk: refuses below the minimum, looks seldom, and says what it means."""

from pathlib import Path

import pytest

from surveys.disk import MEGABYTE, FreeSpace, data_folders, free_bytes
from surveys.refusals import StoreFull

PLENTY = 10**9  # megabytes; no disk of a test has a petabyte


@pytest.mark.parametrize(
    ("minimum", "is_refused"),
    [
        pytest.param(PLENTY, True, id="less than the minimum is free"),
        pytest.param(1, False, id="there is room"),
        pytest.param(0, False, id="the guard is off"),
    ],
)
def test_a_ballot_is_refused_only_without_room(tmp_path, minimum, is_refused):
    guard = FreeSpace((tmp_path,), minimum)
    if is_refused:
        with pytest.raises(StoreFull) as refused:
            guard.check()
        assert refused.value.status == 503
    else:
        guard.check()


def test_one_full_folder_of_several_is_enough(tmp_path):
    """A folder on a file system without blocks counts as full."""
    assert FreeSpace((tmp_path, Path("/proc")), 1).is_short


def test_the_disk_is_looked_at_at_most_once_a_second(tmp_path):
    ticks = iter([0.0, 0.9, 1.0])
    folder = tmp_path / "data"
    folder.mkdir()
    guard = FreeSpace((folder,), 1, lambda: next(ticks))
    assert not guard.is_short
    folder.rmdir()
    assert not guard.is_short, "remembered"
    with pytest.raises(FileNotFoundError):
        _ = guard.is_short


def test_the_folders_are_the_data_s_and_the_file_s(settings, tmp_path, database_url):
    folders = data_folders(settings)
    assert settings.var in folders
    assert (tmp_path in folders) == database_url.startswith("sqlite")
    assert all(free_bytes(folder) > MEGABYTE for folder in folders)
