"""A secret is taken from a file that nobody else can read, and only where nobody could guess it."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import ValidationError
from typer.testing import CliRunner

from api.cli import app
from journey.secret_files import is_sample, read_secret
from journey.settings import Settings
from journey.storage import storage_of

STRONG = "f3b7c1a05d9e48b2a6c4"


def secret_file(directory: Path, secret: str = STRONG, mode: int = 0o400) -> Path:
    """Write a secret into a file of its own."""
    file = directory / "password"
    file.write_text(secret + "\n")
    file.chmod(mode)
    return file


class TestFiles:
    def test_is_read_without_its_line_end(self, tmp_path: Path) -> None:
        """Editors and `echo` end the line."""
        assert read_secret(secret_file(tmp_path)) == STRONG

    @pytest.mark.parametrize("mode", [0o440, 0o404, 0o660, 0o644, 0o402])
    def test_one_that_others_can_read(self, tmp_path: Path, mode: int) -> None:
        """Group and world have no part in it; the message says what to do, in both languages."""
        file = secret_file(tmp_path, mode=mode)
        with pytest.raises(ValueError, match="chmod 0400") as refused:
            read_secret(file)

        words = refused.value.args[0]
        assert f"{mode:04o}" in words.en
        assert f"chmod 0400 {file}" in words.zh

    @pytest.mark.parametrize("secret", ["", "short", "a" * 40, "password", "12345678"])
    def test_a_weak_one(self, tmp_path: Path, secret: str) -> None:
        """What is short or a pattern is refused, and not repeated."""
        with pytest.raises(ValueError, match="is weak") as refused:
            read_secret(secret_file(tmp_path, secret))

        assert not secret or f" {secret} " not in str(refused.value)

    def test_none(self, tmp_path: Path) -> None:
        """A file that is not there is named."""
        with pytest.raises(ValueError, match="No such file"):
            read_secret(tmp_path / "nothing")

    @pytest.mark.parametrize("secret", ["Password", "changeme", "postgres", "000000", "121212"])
    def test_samples(self, secret: str) -> None:
        """What images and examples bring along is known."""
        assert is_sample(secret)
        assert not is_sample(STRONG)


class TestSettings:
    def test_the_database_gets_it(self, tmp_path: Path) -> None:
        """The URL of the settings goes on without it: only the connection knows the password."""
        file = secret_file(tmp_path)
        settings = Settings(database="postgresql://journey@db.example/name", database_password_file=file)

        assert storage_of(settings).url == sa.make_url(
            f"postgresql+psycopg://journey:{STRONG}@db.example/name"
        )
        assert STRONG not in repr(settings)

    def test_two_passwords(self, tmp_path: Path) -> None:
        """Which one counts would be a guess."""
        with pytest.raises(ValidationError, match="name one of them"):
            Settings(
                database="postgresql://journey:other@db.example/name",
                database_password_file=secret_file(tmp_path),
            )

    def test_a_sample_in_the_url(self) -> None:
        """It is refused where others could reach the database, and not on the same machine."""
        with pytest.raises(ValidationError, match="everybody guesses"):
            Settings(database="postgresql://journey:postgres@db.example/name")

        assert Settings(database="postgresql://journey:postgres@127.0.0.1/name").database

    def test_the_command_line_says_so(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The command ends with status 2, and names the setting and the remedy."""
        file = secret_file(tmp_path, mode=0o444)
        monkeypatch.setenv("JOURNEY_DATABASE_PASSWORD_FILE", str(file))
        result = CliRunner().invoke(app, ["migrate", "--database", "postgresql://journey@db.example/name"])

        assert result.exit_code == 2
        assert "chmod 0400" in result.output
