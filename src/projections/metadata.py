"""The tables of the read models, and where each projection has got to."""

import sqlalchemy as sa

METADATA = sa.MetaData()

KeyText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text that is compared or ordered: by its bytes, the same on every database."""

PROJECTIONS = sa.Table(
    "projections",
    METADATA,
    sa.Column("name", KeyText, primary_key=True),
    sa.Column(
        "live_build", sa.Integer, nullable=False, comment="the build that readers see; 0 while none is ready"
    ),
    sa.Column("previous_build", sa.Integer, nullable=False, comment="the build to roll back to; 0 for none"),
)

BUILDS = sa.Table(
    "projection_builds",
    METADATA,
    sa.Column("name", KeyText, primary_key=True),
    sa.Column("build", sa.Integer, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False, comment="the version of the logic that wrote the rows"),
    sa.Column("status", sa.Text, nullable=False, comment="building, live, retired, dropped"),
    sa.Column("position", sa.BigInteger, nullable=False, comment="the checkpoint: the last position handled"),
    sa.Column("recorded_at", sa.Text, comment="when the event at the checkpoint was recorded"),
    sa.Column("target", sa.BigInteger, nullable=False, comment="the end of the log when the build began"),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("error", sa.Text, comment="why the last batch failed as a whole"),
)

PARKED = sa.Table(
    "parked_streams",
    METADATA,
    sa.Column("name", KeyText, primary_key=True),
    sa.Column("build", sa.Integer, primary_key=True),
    sa.Column("stream_id", KeyText, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False, comment="the event that could not be handled"),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("parked_at", sa.Text, nullable=False),
)
