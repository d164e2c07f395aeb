"""The history of the tables, for Alembic; run by `defacewatch.store.migrate` when the store is opened."""
