"""A deployed agent is started where its imports resolve, and PYTHONPATH is relative to its code."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.config import AgentConfig, Start
from agentcore_cli.resources.image_project import with_python_path
from tests.functional.operations.deploy.workshop import HANDLER, Workshop
from tests.local_runtime import RunningServer, new_session
from tests.long_cases import always

SAYING = HANDLER.replace(
    "self.answer(dict(os.environ))", "self.answer({'word': WORD, 'path': os.environ.get('PYTHONPATH')})"
)
LAYOUTS = {
    "relative": ("bot/agent.py", "from .words import WORD\n", "bot/words.py"),
    "by src": ("src/bot/agent.py", "from src.bot.words import WORD\n", "src/bot/words.py"),
    "src layout": ("src/bot/main.py", "from bot.words import WORD\n", "src/bot/words.py"),
    "package of the root": ("apps/one/main.py", "from shared.words import WORD\n", "shared/words.py"),
    "__main__": ("src/bot/__main__.py", "from bot.words import WORD\n", "src/bot/words.py"),
    "by a string": (
        "bot/agent.py",
        "import importlib\nWORD = importlib.import_module('bot.words').WORD\n",
        "bot/words.py",
    ),
    "module": ("-m bot.agent", "from bot.words import WORD\n", "bot/words.py"),
}


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


@pytest.mark.parametrize(("entrypoint", "line", "words"), always("relative", "src layout", of=LAYOUTS))
def test_a_layout_runs(workshop: Workshop, server: RunningServer, entrypoint: str, line: str, words: str) -> None:
    file = "bot/agent.py" if entrypoint.startswith("-m") else entrypoint
    write(workshop.root, file, line + SAYING)
    write(workshop.root, words, "WORD = 'here'\n")
    config = workshop.root / ".agentcore.yaml"
    config.write_text(config.read_text().replace("handler.py", f'"{entrypoint}"'))
    for _ in range(2):  # the second one from what the first one taught
        assert server.invoke(workshop.deploy().arn, b"{}", new_session()).json()["word"] == "here"


def test_pythonpath_is_relative_to_the_code_and_reaches_children(workshop: Workshop, server: RunningServer) -> None:
    child = "subprocess.run([sys.executable, '-c', 'import words; print(words.WORD)'], capture_output=True, text=True)"
    text = f"import subprocess, sys\nfrom words import WORD\nCHILD = {child}.stdout.strip()\n" + SAYING
    write(workshop.root, "handler.py", text.replace("'word': WORD", "'word': [WORD, CHILD]"))
    write(workshop.root, "lib/words.py", "WORD = 'here'\n")
    workshop.configure(environment="{PYTHONPATH: lib}")
    said = server.invoke(workshop.deploy().arn, b"{}", new_session()).json()
    assert said["word"] == ["here", "here"]
    assert Path(said["path"]).is_absolute()


def test_a_session_writes_anywhere_in_its_own_copy_of_the_code(workshop: Workshop, server: RunningServer) -> None:
    write(workshop.root, "data/deep/table.csv", "1")
    write(workshop.root, "state.json", "1")
    append = "[open(name, 'a').write('2') for name in ('state.json', 'data/new', 'data/deep/table.csv')]"
    read = "{name: open(name).read() for name in ('state.json', 'data/deep/table.csv')}"
    write(
        workshop.root, "handler.py", HANDLER.replace("self.answer(dict(os.environ))", f"{append}; self.answer({read})")
    )
    arn = workshop.deploy().arn
    for _ in range(2):  # the second finds nothing of the first
        said = server.invoke(arn, b"{}", new_session()).json()
        assert said == {"state.json": "12", "data/deep/table.csv": "12"}


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (AgentConfig("agent.py", requirements="r.txt"), "/app/lib:/more:/opt/packages"),
        (AgentConfig("agent.py"), "/app/lib:/more"),
        (AgentConfig("agent.py", requirements="r.txt", install="image"), "/app/lib:/more"),
        (AgentConfig("src/bot/main.py", requirements="r.txt"), "/app/lib:/more:/app/src:/opt/packages"),
    ],
)
def test_in_an_image_it_is_added_to_what_the_image_needs(agent: AgentConfig, expected: str, tmp_path: Path) -> None:
    write(tmp_path, "src/bot/main.py", "import bot.words\n")
    write(tmp_path, "src/bot/words.py", "")
    start = Start.of(agent.entrypoint, agent.protocol, tmp_path)
    said = {"PYTHONPATH": "lib:/more", "OTHER": "1"}
    assert with_python_path(tmp_path, "bot", agent, start, said) == {"PYTHONPATH": expected, "OTHER": "1"}
    assert with_python_path(tmp_path, "bot", agent, start, {"OTHER": "1"}) == {"OTHER": "1"}
    write(tmp_path, "Dockerfile", "FROM scratch\n")
    assert with_python_path(tmp_path, "bot", agent, start, said) == said
