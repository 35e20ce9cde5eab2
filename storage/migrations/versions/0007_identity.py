"""Accounts, how they are entered, what was done with them, and the letters that go out.

An address has at most one account that is not deleted: the row of a deleted one stays, and its address
may be registered again. Tokens, keys and codes are kept as digests, secrets sealed under a key that is not
in the database.
"""

from alembic import op

revision = "0007"
down_revision = "0006"

USERS = """
CREATE TABLE auth.users (
    id uuid PRIMARY KEY,
    email text NOT NULL CHECK (email = lower(email COLLATE "C") AND length(email) <= 320),
    name text CHECK (length(name) <= 200),
    phone_sealed bytea,
    phone_digest bytea,
    phone_verified boolean NOT NULL DEFAULT false,
    email_verified boolean NOT NULL DEFAULT false,
    password_hash text,
    role text NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'support', 'admin')),
    status text NOT NULL DEFAULT 'active'
        CHECK (status IN ('active', 'locked', 'deleted', 'erased')),
    lock_reason text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    password_changed_at timestamptz NOT NULL,
    deleted_at timestamptz,
    erased_at timestamptz,
    CHECK ((phone_sealed IS NULL) = (phone_digest IS NULL)),
    CHECK ((deleted_at IS NULL) = (status IN ('active', 'locked'))),
    CHECK ((erased_at IS NULL) = (status <> 'erased'))
);
CREATE UNIQUE INDEX users_email ON auth.users (email) WHERE status IN ('active', 'locked');
CREATE UNIQUE INDEX users_phone ON auth.users (phone_digest)
    WHERE phone_verified AND status IN ('active', 'locked');
COMMENT ON COLUMN auth.users.phone_digest IS
    'a number that nobody has answered may be entered by several: it claims and betrays nothing';
CREATE INDEX users_email_begins ON auth.users (email text_pattern_ops);
CREATE INDEX users_name_begins ON auth.users (lower(name) text_pattern_ops);
CREATE INDEX users_created ON auth.users (created_at, id);
CREATE INDEX users_to_erase ON auth.users (deleted_at) WHERE status = 'deleted';
"""
REGISTRATIONS = """
CREATE TABLE auth.registrations (
    token_hash bytea PRIMARY KEY,
    email text NOT NULL CHECK (email = lower(email COLLATE "C") AND length(email) <= 320),
    password_hash text NOT NULL,
    name text CHECK (length(name) <= 200),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX registrations_email ON auth.registrations (email);
CREATE INDEX registrations_expiry ON auth.registrations (expires_at);
"""
DEVICES = """
CREATE TABLE auth.devices (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES auth.users,
    token_hash bytea NOT NULL UNIQUE,
    user_agent text,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL
);
CREATE INDEX devices_user ON auth.devices (user_id);
CREATE INDEX devices_use ON auth.devices (last_used_at);
"""
SESSIONS = """
CREATE TABLE auth.sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES auth.users,
    device_id uuid REFERENCES auth.devices ON DELETE SET NULL,
    device_info jsonb NOT NULL DEFAULT '{}',
    ip_address inet,
    transport text NOT NULL CHECK (transport IN ('bearer', 'cookie')),
    pending boolean NOT NULL,
    second_factor boolean NOT NULL,
    authenticated_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_reason text,
    CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL))
);
CREATE INDEX sessions_user ON auth.sessions (user_id, created_at);
CREATE INDEX sessions_device ON auth.sessions (device_id);
CREATE INDEX sessions_expiry ON auth.sessions (expires_at);
"""
REFRESH_TOKENS = """
CREATE TABLE auth.refresh_tokens (
    token_hash bytea PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES auth.sessions ON DELETE CASCADE,
    issued_at timestamptz NOT NULL,
    used_at timestamptz,
    key_id text,
    CHECK ((used_at IS NULL) = (key_id IS NULL))
);
CREATE INDEX refresh_tokens_session ON auth.refresh_tokens (session_id);
COMMENT ON COLUMN auth.refresh_tokens.key_id IS 'the key that its successor was derived under';
"""
TWO_FACTOR = """
CREATE TABLE auth.two_factor_auth (
    user_id uuid PRIMARY KEY REFERENCES auth.users,
    secret bytea NOT NULL,
    enabled boolean NOT NULL DEFAULT false,
    last_step bigint NOT NULL DEFAULT 0,
    salt bytea NOT NULL,
    created_at timestamptz NOT NULL,
    enabled_at timestamptz,
    CHECK (enabled = (enabled_at IS NOT NULL))
);
COMMENT ON COLUMN auth.two_factor_auth.secret IS 'sealed';
COMMENT ON COLUMN auth.two_factor_auth.last_step IS 'no code of this step or an earlier one is good';
COMMENT ON COLUMN auth.two_factor_auth.salt IS 'of the backup codes';
CREATE TABLE auth.backup_codes (
    user_id uuid NOT NULL REFERENCES auth.two_factor_auth ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (user_id, code_hash)
);
"""
PASSKEYS = """
CREATE TABLE auth.biometric_credentials (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES auth.users,
    name text NOT NULL CHECK (length(name) <= 200),
    credential_id bytea NOT NULL UNIQUE,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL,
    aaguid text NOT NULL,
    transports text[] NOT NULL,
    backed_up boolean NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz
);
CREATE INDEX biometric_credentials_user ON auth.biometric_credentials (user_id);
CREATE TABLE auth.challenges (
    id uuid PRIMARY KEY,
    purpose text NOT NULL,
    user_id uuid REFERENCES auth.users,
    session_id uuid REFERENCES auth.sessions ON DELETE CASCADE,
    challenge bytea NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX challenges_user ON auth.challenges (user_id);
CREATE INDEX challenges_session ON auth.challenges (session_id);
CREATE INDEX challenges_expiry ON auth.challenges (expires_at);
"""
TOKENS = """
CREATE TABLE auth.mail_tokens (
    token_hash bytea PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('reset', 'lock', 'email')),
    email text NOT NULL,
    user_id uuid REFERENCES auth.users,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX mail_tokens_email ON auth.mail_tokens (email, purpose);
CREATE INDEX mail_tokens_user ON auth.mail_tokens (user_id);
CREATE INDEX mail_tokens_expiry ON auth.mail_tokens (expires_at);
CREATE TABLE auth.api_keys (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES auth.users,
    name text NOT NULL CHECK (length(name) <= 200),
    token_hash bytea NOT NULL UNIQUE,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX api_keys_user ON auth.api_keys (user_id);
CREATE TABLE auth.signing_keys (
    kid text PRIMARY KEY,
    private_sealed bytea NOT NULL,
    public_jwk jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    retired_at timestamptz
);
CREATE TABLE auth.revocations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('session', 'user', 'api_key')),
    subject uuid NOT NULL,
    revoked_at timestamptz NOT NULL,
    reason text NOT NULL
);
CREATE INDEX revocations_time ON auth.revocations (revoked_at);
"""
AUDIT = """
CREATE TABLE auth.audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    action text NOT NULL,
    actor_id uuid,
    user_id uuid,
    ip_address inet,
    user_agent text,
    request_id text,
    details jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE auth.audit IS 'append-only: who did what, to whom, from where';
COMMENT ON COLUMN auth.audit.actor_id IS 'who did it; null: nobody who had been recognised';
COMMENT ON COLUMN auth.audit.user_id IS 'whose account it was done to';
COMMENT ON COLUMN auth.audit.details IS 'nothing personal: it outlives the account';
CREATE INDEX audit_time ON auth.audit (at);
CREATE INDEX audit_user ON auth.audit (user_id, id);
CREATE INDEX audit_actor ON auth.audit (actor_id, id);
CREATE INDEX audit_action ON auth.audit (action, id);
CREATE FUNCTION auth.keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.ip_address IS NULL AND NEW.user_agent IS NULL
        AND to_jsonb(NEW) - '{ip_address,user_agent}'::text[]
            = to_jsonb(OLD) - '{ip_address,user_agent}'::text[]
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'auth.audit is append-only' USING ERRCODE = 'restrict_violation';
END $$;
COMMENT ON FUNCTION auth.keep_audit() IS
    'the one change of a row: the erasure of the address and the browser that it came from';
CREATE TRIGGER keep_rows BEFORE UPDATE OR DELETE ON auth.audit
    FOR EACH ROW EXECUTE FUNCTION auth.keep_audit();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON auth.audit
    FOR EACH STATEMENT EXECUTE FUNCTION auth.keep_audit();
"""
OUTBOX = """
CREATE TABLE delivery.outbox (
    id uuid PRIMARY KEY,
    channel text NOT NULL CHECK (channel IN ('email')),
    address text NOT NULL,
    condition text NOT NULL CHECK (condition IN ('always', 'if_account', 'if_no_account')),
    template text NOT NULL,
    context bytea NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'dropped', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    last_error text,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    CHECK ((finished_at IS NULL) = (state = 'waiting'))
);
COMMENT ON COLUMN delivery.outbox.condition IS
    'of the address, decided when it is delivered: whether an account that is not deleted has it';
COMMENT ON COLUMN delivery.outbox.context IS 'sealed';
COMMENT ON COLUMN delivery.outbox.next_attempt_at IS
    'when it may be claimed: a claim moves it ahead, so that what is dropped is claimed again';
CREATE INDEX outbox_waiting ON delivery.outbox (next_attempt_at) WHERE state = 'waiting';
CREATE INDEX outbox_finished ON delivery.outbox (finished_at) WHERE state <> 'waiting';
CREATE INDEX outbox_created ON delivery.outbox (created_at);
"""


def upgrade() -> None:
    op.execute("CREATE SCHEMA auth")
    op.execute("COMMENT ON SCHEMA auth IS 'accounts, and how they are entered'")
    op.execute("CREATE SCHEMA delivery")
    op.execute("COMMENT ON SCHEMA delivery IS 'what goes out to people'")
    for statements in (USERS, REGISTRATIONS, DEVICES, SESSIONS, REFRESH_TOKENS, TWO_FACTOR):
        op.execute(statements)
    for statements in (PASSKEYS, TOKENS, AUDIT, OUTBOX):
        op.execute(statements)
