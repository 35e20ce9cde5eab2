"""What the API is told of accounts."""

from pathlib import Path

from tradewind.identity import identity_config
from tradewind.settings import load_settings


def test_without_settings_it_is_for_this_machine(tmp_path: Path) -> None:
    config = identity_config(load_settings(data=tmp_path))
    assert (config.issuer, config.public_url) == ("http://localhost:8000",) * 2
    assert (config.require_verification, config.mail_shown) == (True, True)
    assert (config.cors_origins, config.trusted_proxies) == ((), ())


def test_every_process_of_a_data_directory_has_the_same_ring(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path)
    sealed = identity_config(settings).ring.seal(b"x", of="here")
    assert identity_config(settings).ring.open(sealed, of="here") == b"x"


def test_settings_are_handed_on(tmp_path: Path) -> None:
    settings = load_settings(
        data=tmp_path,
        public_url="https://t.example",
        require_verification=False,
        cors_origins="https://a.example",
        trusted_proxies="10.0.0.0/8",
    )
    config = identity_config(settings)
    assert (config.issuer, config.public_url) == ("https://t.example",) * 2
    assert (config.require_verification, config.mail_shown) == (False, False)
    assert config.cors_origins == ("https://a.example",)
    assert config.trusted_proxies == ("10.0.0.0/8",)
