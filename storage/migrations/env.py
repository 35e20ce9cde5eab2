"""Runs one migration after another on the connection that `storage.migrate` hands over."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,
    version_table="revision",
)
with context.begin_transaction():
    context.run_migrations()
