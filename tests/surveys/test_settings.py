"""What an installation may set, and the sentence it stops with otherwise."""

import stat

import pytest

from surveys.settings import SettingFault, read_settings


def test_an_empty_environment_is_a_working_installation(tmp_path):
    settings = read_settings({"PINGYI_VAR": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path / 'pingyi.db'}"
    assert settings.base_url == "http://127.0.0.1:8000"
    assert not settings.is_secure


def test_the_secret_key_is_made_once_and_only_its_owner_reads_it(tmp_path):
    first, second = (read_settings({"PINGYI_VAR": str(tmp_path)}).secret_key for _ in range(2))
    assert first == second
    assert len(first) >= 64
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BASE_URL", "pingyi.example"),
        ("BASE_URL", "ftp://pingyi.example"),
        ("BASE_URL", "https://pingyi.example/?a=1"),
        ("SECRET_KEY", "short"),
        ("TRUSTED_PROXIES", "two"),
        ("TRUSTED_PROXIES", "１"),
        ("DEVELOPMENT", "maybe"),
        ("DATABASE", "sqlite://"),
        ("METRICS", "9464"),
        ("METRICS", "127.0.0.1:none"),
        ("LOG", "xml"),
        ("SURGE", "yes"),
        ("MIN_FREE_MB", "-1"),
    ],
)
def test_a_silly_value_stops_the_start_and_names_itself(tmp_path, name, value):
    with pytest.raises(SettingFault, match=f"PINGYI_{name}"):
        read_settings({"PINGYI_VAR": str(tmp_path), f"PINGYI_{name}": value})


def test_tls_makes_an_installation_secure(tmp_path):
    settings = read_settings({"PINGYI_VAR": str(tmp_path), "PINGYI_BASE_URL": "https://a.example/"})
    assert settings.base_url == "https://a.example"
    assert settings.is_secure


def test_surge_is_for_postgresql_and_redis_only(tmp_path):
    both = {"PINGYI_DATABASE_URL": "postgresql+psycopg://a@b/c", "PINGYI_REDIS_URL": "redis://b"}
    given = {"PINGYI_VAR": str(tmp_path), "PINGYI_SURGE": "yes", **both}
    assert read_settings(given).surge
    for missing in both:
        with pytest.raises(SettingFault, match="PINGYI_SURGE"):
            read_settings({name: value for name, value in given.items() if name != missing})


def test_metrics_have_an_address_of_their_own(tmp_path):
    given = {"PINGYI_VAR": str(tmp_path), "PINGYI_METRICS": "127.0.0.1:9464"}
    assert read_settings(given).metrics == ("127.0.0.1", 9464)
