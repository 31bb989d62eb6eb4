"""The walls between the rooms: who may import whom."""

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import oauthprov

PACKAGE = Path(oauthprov.__file__).parent
BACKENDS = ("oauthprov.storage.sql", "oauthprov.storage.redis")
ENGINES = ("sqlalchemy", "alembic", "redis", "psycopg", "pymysql")
WEB = ("pyramid", "webob", "chameleon", "pyramid_chameleon", "waitress")

# room -> (what of oauthprov it may import, what from outside it may not)
WALLS = {
    "web": (
        (
            "web",
            "events",
            "metrics",
            "protocol",
            "records",
            "errors",
            "settings",
            "accounts",
            "factors",
            "passkeys",
            "mail",
            "messages",
            "logs",
            "deadline",
            "serial",
            "json_stream",
            "threads",
            "protected_resource",
            "resource",
        ),
        ENGINES,
    ),
    "protected_resource": (
        ("protected_resource", "protocol.keys", "settings", "failures", "logs"),
        (*WEB, *ENGINES, "oauthlib"),
    ),
    "resource": (("protected_resource",), (*ENGINES, "oauthlib")),
    "resource_server": (
        (
            "resource_server",
            "protected_resource",
            "protocol.keys",
            "resource",
            "settings",
            "fetch",
            "credentials",
            "failures",
            "logs",
            "serial",
            # Where used proofs are shared, and only then loaded.
            "storage",
            "records",
        ),
        (*ENGINES, "oauthlib", "joserfc", "argon2", "cryptography"),
    ),
    "protocol": (
        (
            "protocol",
            "events",
            "storage.interface",
            "records",
            "errors",
            "failures",
            "settings",
            "credentials",
            "accounts",
            "fetch",
            "background",
            "messages",
            "logs",
            "chance",
            "serial",
            "threads",
            "protected_resource",
        ),
        WEB + ENGINES,
    ),
    "background": (("storage.interface", "logs", "threads"), (*WEB, *ENGINES, "oauthlib")),
    "threads": ((), (*WEB, *ENGINES, "oauthlib")),
    "storage.sql": (
        (
            "storage.interface",
            "storage.lending",
            "storage.outage",
            "storage.options",
            "storage.unreachable",
            "storage.sql",
            "chance",
            "records",
            "deadline",
        ),
        (*WEB, "oauthlib", "redis"),
    ),
    "storage.redis": (
        (
            "storage.interface",
            "storage.lending",
            "storage.outage",
            "storage.options",
            "storage.unreachable",
            "storage.redis",
            "chance",
            "records",
            "deadline",
            "serial",
        ),
        (*WEB, "oauthlib", "sqlalchemy", "alembic"),
    ),
    "storage.outage": (
        ("storage.interface", "storage.unreachable", "deadline"),
        (*WEB, *ENGINES, "oauthlib"),
    ),
    "storage.unreachable": ((), (*WEB, *ENGINES, "oauthlib")),
    "storage.options": ((), (*WEB, *ENGINES, "oauthlib")),
    "storage.read_only": (("storage.interface", "records"), (*WEB, *ENGINES, "oauthlib")),
    "storage.transfer": (("storage.interface", "records"), (*WEB, *ENGINES, "oauthlib")),
    "storage.lending": (("storage.outage",), (*WEB, *ENGINES, "oauthlib")),
    "deadline": ((), (*WEB, *ENGINES, "oauthlib")),
    "storage.interface": (("storage.changes", "records"), (*WEB, *ENGINES, "oauthlib")),
    "storage.changes": (("records",), (*WEB, *ENGINES, "oauthlib")),
    "storage.testing": (
        ("storage.interface", "storage.testing", "chance", "records", "credentials"),
        (*WEB, *ENGINES, "oauthlib"),
    ),
    "accounts": (
        (
            "accounts",
            "events",
            "storage.interface",
            "records",
            "credentials",
            "messages",
            "json_stream",
        ),
        (*WEB, *ENGINES, "oauthlib"),
    ),
    "factors": (
        ("factors", "passkeys", "events", "storage.interface", "records", "credentials", "logs"),
        (*WEB, *ENGINES, "oauthlib"),
    ),
    "passkeys": (
        ("passkeys", "events", "storage.interface", "records", "credentials", "serial"),
        (*WEB, *ENGINES, "oauthlib", "joserfc"),
    ),
    "mail": (
        ("mail", "settings", "errors", "background", "threads"),
        (*WEB, *ENGINES, "oauthlib", "joserfc"),
    ),
    "settings": (
        ("settings", "records", "failures", "credentials"),
        (*WEB, *ENGINES, "oauthlib"),
    ),
    "fetch": (
        ("fetch", "settings", "failures", "threads", "logs"),
        (*WEB, *ENGINES, "oauthlib", "joserfc"),
    ),
    "events": (
        ("events", "storage.interface", "records", "background", "serial", "logs"),
        (*WEB, *ENGINES, "oauthlib", "joserfc"),
    ),
    "metrics": (
        ("metrics", "events", "storage.interface", "records", "background"),
        (*WEB, *ENGINES, "oauthlib", "joserfc"),
    ),
    "doctor": (
        (
            "doctor",
            "settings",
            "storage.interface",
            "records",
            "credentials",
            "failures",
            "factors",
            "protocol.clients.documents.hosts",
            "protocol.clients.methods",
            "protocol.clients.demands",
            "protocol.keys",
            "protected_resource",
            "fetch",
            "mail",
            "errors",
            "storage.transfer",
            "storage.unreachable",
            "threads",
        ),
        (*WEB, *ENGINES, "oauthlib", "joserfc", "cryptography"),
    ),
    "credentials": (("records",), (*WEB, *ENGINES, "oauthlib")),
    "errors": (("storage.interface", "messages", "failures"), (*WEB, *ENGINES)),
    "failures": ((), (*WEB, *ENGINES, "oauthlib")),
    "messages": ((), (*WEB, *ENGINES, "oauthlib")),
    "json_stream": ((), (*WEB, *ENGINES, "oauthlib")),
    "serial": ((), (*WEB, *ENGINES, "oauthlib")),
    "logs": (("chance",), (*WEB, *ENGINES, "oauthlib")),
    "chance": ((), (*WEB, *ENGINES, "oauthlib")),
    "records": (("records",), (*WEB, *ENGINES, "oauthlib", "cryptography", "argon2")),
    "demo": (("demo",), ENGINES),
    "wsgi": (("cli",), (*WEB, *ENGINES, "oauthlib")),
}

# The rooms of a package, floor by floor from the top. A module imports from its own room and from
# the floors below, and from no other room of its floor. "" are the modules beside the rooms.
FLOORS = {
    "protocol": (
        ("",),
        ("admin",),
        ("registration", "logout", "device"),
        ("authorize",),
        ("engine",),
        ("token",),
        ("authentication",),
        ("request",),
        ("clients",),
        ("keys",),
    ),
    "web": (
        ("__init__", "standalone"),
        ("admin",),
        ("factors",),
        ("endpoints", "account", "console", "audit", "device"),
        ("",),
        ("http",),
    ),
}

MODULES_OF_A_ROOM = 20
LINES_OF_A_MODULE = 350
LINES_OF_A_FUNCTION = 40


def _imports(source: Path) -> set[str]:
    """Every module that ``source`` imports, absolute, wherever in the file it does."""
    found = set()
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _modules(room: str) -> list[Path]:
    base = PACKAGE.joinpath(*room.split("."))
    single = base.with_suffix(".py")
    return [single] if single.is_file() else sorted(base.rglob("*.py"))


def _within(name: str, roots: tuple[str, ...]) -> bool:
    return any(name == root or name.startswith(root + ".") for root in roots)


@pytest.mark.parametrize("room", WALLS)
def test_imports_stay_within_the_walls(room):
    allowed, forbidden = WALLS[room]
    modules = _modules(room)
    assert modules, f"there is no room {room}: correct its name in WALLS"
    ours = tuple(f"oauthprov.{name}" for name in allowed)
    for module in modules:
        for name in _imports(module):
            why = (
                f"{module.relative_to(PACKAGE)} imports {name}, which {room} must not know: hand"
                " it in where the object is built, or move the code to a room that may import it"
            )
            if _within(name, ("oauthprov",)):
                assert _within(name, ours), why
            assert not _within(name, forbidden), why


def test_only_the_storage_chooser_names_a_backend():
    for module in PACKAGE.rglob("*.py"):
        room = module.relative_to(PACKAGE).as_posix()
        if not room.startswith("storage/"):
            for name in _imports(module):
                assert not _within(name, BACKENDS), (
                    f"{room} imports {name}: open it by oauthprov.storage.open_storage(url)"
                )


def test_no_attribute_is_computed_under_a_lock_that_all_threads_share():
    why = (
        "before Python 3.12 it computes for one instance at a time, so that a request that reads"
        " a body or the storage in it holds up all others: use oauthprov.web.reify, or a property"
        " that keeps its value in an attribute"
    )
    for module in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "name", "")
            assert name != "cached_property", f"{module.relative_to(PACKAGE)}: {why}"


def test_every_module_lies_in_a_room_with_walls():
    free = {"__init__", "cli", "storage"}  # these may import anything but a backend
    top = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or _is_package(path)}
    assert top - free - {room.partition(".")[0] for room in WALLS} == set(), (
        "say in WALLS what the new module or package may import"
    )


def _is_package(path: Path) -> bool:
    return (path / "__init__.py").is_file()


def _loaded(source: Path) -> set[str]:
    """The modules of ours that ``source`` imports when it is loaded, by their dotted names."""
    tree = ast.parse(source.read_text("utf-8"))
    for node in ast.walk(tree):
        # What only the type checker imports closes no circle.
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and _within(node.module or "", ("oauthprov",)):
            named = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else str(node.module) for name in named}
    return found


def _name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_name(path): path for path in PACKAGE.rglob("*.py")}


def _floor(package: str, name: str) -> tuple[int, str]:
    """The number of the floor that a module stands on, from the top, and its room."""
    first, _, inner = name.removeprefix(f"oauthprov.{package}").lstrip(".").partition(".")
    for number, rooms in enumerate(FLOORS[package]):
        if (first or "__init__") in rooms:
            return number, first
    assert not inner, f"{name}: name the room {first} in FLOORS, on its floor"
    return next(n for n, rooms in enumerate(FLOORS[package]) if "" in rooms), ""


@pytest.mark.parametrize("package", FLOORS)
def test_rooms_import_from_the_floors_below(package):
    for name, path in MODULES.items():
        if not _within(name, (f"oauthprov.{package}",)):
            continue
        floor, room = _floor(package, name)
        for imported in _loaded(path):
            if _within(imported, (f"oauthprov.{package}",)):
                below, other = _floor(package, imported)
                why = f"{name} imports {imported}: hand it in, or move what both need down"
                assert below > floor or (below == floor and other == room), why


def test_no_modules_import_each_other_in_a_circle():
    arrows = {name: _loaded(path) - {name} for name, path in MODULES.items()}
    while True:
        ends = {name for name, to in arrows.items() if not to & arrows.keys()}
        if not ends:
            break
        arrows = {name: to for name, to in arrows.items() if name not in ends}
    # What is left lies in a circle, or leads into one.
    assert sorted(arrows) == [], (
        "some of these import each other: move what both need into a third, below them, or import"
        " a type under TYPE_CHECKING"
    )


def test_no_module_is_longer_than_the_limit():
    sizes = {name: len(path.read_text("utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: size for name, size in sizes.items() if size > LINES_OF_A_MODULE} == {}, (
        f"a module has at most {LINES_OF_A_MODULE} lines: which part of it has a name of its own?"
    )


def test_a_function_fits_on_a_screen():
    long = {
        f"{name}.{node.name}": lines
        for name, path in MODULES.items()
        if ".migrations.versions" not in name  # they are frozen
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > LINES_OF_A_FUNCTION
    }
    assert long == {}, "give a part of it a name of its own"


def test_a_room_holds_no_other_rooms():
    rooms = Counter(path.parent for path in MODULES.values() if path.name != "__init__.py")
    crowded = {room.name: many for room, many in rooms.items() if many > MODULES_OF_A_ROOM}
    assert crowded == {}, (
        f"a room has at most {MODULES_OF_A_ROOM} modules: which of them make a room of their own?"
        " Name it in FLOORS"
    )


@pytest.mark.parametrize(
    ("url", "absent"), [("sqlite://", "redis"), ("redis://127.0.0.1:1/0", "sqlalchemy")]
)
def test_a_process_loads_only_the_backend_it_runs_on(url, absent):
    script = (
        "import sys, oauthprov.storage, oauthprov.protocol.provider, oauthprov.web\n"
        f"oauthprov.storage.open_storage({url!r})\n"
        f"print({absent!r} in sys.modules)"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False", (
        f"something imports {absent} at once: import it where it is used, or only in its backend"
    )


def test_no_test_lets_the_browser_evaluate_a_string_again_and_again():
    """Pages forbid that by their policy, so that it fails unless the first look succeeds."""
    found = [
        f"{path}:{node.lineno}"
        for path in Path(__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "wait_for_function"
    ]
    assert found == [], "wait by wait_until of tests/browser/visitor.py"
