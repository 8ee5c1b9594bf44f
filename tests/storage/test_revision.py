"""What a server needs to know of the migrations without loading Alembic."""

from __future__ import annotations

import subprocess
import sys

from alembic.config import Config
from alembic.script import ScriptDirectory

from storage.revision import MIGRATIONS, newest_revision


def test_the_newest_revision_is_the_one_that_alembic_would_upgrade_to() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert newest_revision() == ScriptDirectory.from_config(config).get_current_head()


def test_a_server_starts_without_alembic() -> None:
    code = "import sys, app.serving; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
