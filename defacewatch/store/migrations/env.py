"""Alembic's entry: runs on the connection that `defacewatch.store.migrate` hands it."""

from alembic import context

from defacewatch.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite can change a table only by making it anew
)
with context.begin_transaction():
    context.run_migrations()
