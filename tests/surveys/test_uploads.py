"""Files between preview and confirmation: whose, how long, how often."""

from datetime import UTC, datetime, timedelta

import pytest

from surveys.refusals import PreviewGone
from surveys.uploads import FOLDER, keep_upload, read_upload, take_upload

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


@pytest.fixture
def kept(tmp_path):
    return keep_upload(tmp_path, 1, b"PK\n\x00x\n", "名单.xlsx", NOW)


def test_what_was_kept_comes_back_whole(tmp_path, kept):
    upload = read_upload(tmp_path, 1, kept, NOW + timedelta(minutes=59))
    assert (upload.file_name, upload.content) == ("名单.xlsx", b"PK\n\x00x\n")
    assert take_upload(tmp_path, 1, kept, NOW) == upload


def test_it_is_taken_once(tmp_path, kept):
    take_upload(tmp_path, 1, kept, NOW)
    with pytest.raises(PreviewGone):
        take_upload(tmp_path, 1, kept, NOW)


@pytest.mark.parametrize(
    ("account", "wait", "named"),
    [
        pytest.param(2, 0, None, id="somebody else's"),
        pytest.param(1, 61, None, id="older than an hour"),
        pytest.param(1, 0, "x" * 22, id="an id that was never given out"),
        pytest.param(1, 0, "../secret.key", id="a path"),
        pytest.param(1, 0, "", id="no id"),
    ],
)
def test_it_is_gone(tmp_path, kept, account, wait, named):
    (tmp_path / "secret.key").write_text("{}\nsecret")
    with pytest.raises(PreviewGone):
        read_upload(
            tmp_path, account, kept if named is None else named, NOW + timedelta(minutes=wait)
        )


def test_what_nobody_confirmed_is_deleted(tmp_path, kept):
    later = datetime.now(UTC) + timedelta(hours=2)
    second = keep_upload(tmp_path, 1, b"x", "b.xlsx", later)
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == [second]
