"""What the settings say about accounts: the key ring, the origin that browsers come to, who is trusted."""

from api.config import IdentityConfig
from tradewind.master_keys import key_ring
from tradewind.settings import Settings


def identity_config(settings: Settings) -> IdentityConfig:
    """How accounts work here; makes the master keys at the first start."""
    public_url = settings.public()
    return IdentityConfig(
        issuer=public_url,
        public_url=public_url,
        ring=key_ring(settings),
        require_verification=settings.require_verification,
        cors_origins=settings.cors_origins,
        trusted_proxies=settings.trusted_proxies,
        mail_shown=settings.mail_shown,
    )
