"""Alembic's entry: runs the steps on the connection that `store.migrating` hands over."""

from alembic import context

from governance.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
