"""Runs the migrations of one part on the connection that `journey.migrating` hands over."""

from alembic import context

connection = context.config.attributes["connection"]
part = context.config.attributes["part"]

context.configure(connection=connection, version_table=f"alembic_version_{part}", transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
