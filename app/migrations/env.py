"""What Alembic runs: the revisions, over the connection that app.migrations hands in."""

from __future__ import annotations

from alembic import context

from app.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    transactional_ddl=True,  # app.db begins transactions itself, so that SQLite's tables change in one, too
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
