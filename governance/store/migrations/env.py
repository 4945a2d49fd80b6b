"""Alembic's entry: runs the steps on the connection that `store.migrating` hands over."""

from alembic import context

from governance.store.tables import metadata


def run() -> None:
    """Run the steps that are missing."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        transactional_ddl=True,
    )
    context.run_migrations()


if getattr(context, "config", None) is not None:  # else it is only imported
    run()
