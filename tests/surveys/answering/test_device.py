"""The device mark: known again in one round and group, of no use anywhere else."""

import pytest

from surveys.answering.device import cookie_name, device_key, make_device, read_device

SECRET = b"a key for tests, long enough to be one"


def test_a_browser_is_known_again():
    cookie = make_device(SECRET)
    assert read_device(SECRET, cookie) == cookie.partition(".")[0]


@pytest.mark.parametrize(
    "cookie",
    [
        pytest.param(None, id="no cookie"),
        pytest.param("", id="empty"),
        pytest.param("a" * 22, id="no signature"),
        pytest.param("a" * 22 + "." + "a" * 22, id="a made-up signature"),
        pytest.param("." + "a" * 22, id="no id"),
        pytest.param("评" * 22 + ".评", id="not ASCII"),
        pytest.param(make_device(b"another key"), id="of another installation"),
    ],
)
def test_what_is_not_ours(cookie):
    assert read_device(SECRET, cookie) is None


def test_the_key_is_of_one_round_and_group():
    keys = {device_key(SECRET, round_id, group, "id") for round_id in (1, 2) for group in (1, 2)}
    assert len(keys) == 4
    assert {len(key) for key in keys} == {43}
    assert device_key(SECRET, 1, 2, "id") in keys


def test_over_tls_the_name_keeps_other_hosts_from_setting_it():
    assert cookie_name(is_secure=True) == "__Host-device"
    assert cookie_name(is_secure=False) == "device"
