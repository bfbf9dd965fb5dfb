"""Refuse answers that no working study can be made of: all mistakes at once, before any file.

Cookiecutter fills the answers in and runs the result from a temporary file, so this is one file
that needs the standard library only, and PyYAML, which cookiecutter itself needs, for a lab's file
of defaults. It prints ASCII, which every console can show.
"""

import difflib
import itertools
import json
import keyword
import os
import re
import sys
import unicodedata
from pathlib import Path

# No answer can break out of this string: JSON escapes double quotes and backslashes, a raw string
# keeps its escapes as they are, and JSON never puts three double quotes in a row.
ANSWERS = r"""{{ cookiecutter | tojson }}"""
# The same as they came from the command line or a settings file, before cookiecutter ran them as
# templates; cruft does not say.
GIVEN = r"""{{ _cookiecutter | default({}) | tojson }}"""

TEXTS = {"project_name": "My Study", "description": "What it asks", "author_name": "Ada Lovelace"}
CHOICES = {  # a replayed or updated study can bring values that are not offered any more
    "license": ["MIT", "BSD-3-Clause", "Apache-2.0"],
    "python_version": ["3.13", "3.14", "3.12", "3.11"],
    "task": ["classification", "regression"],
    "dependence": ["independent", "grouped", "temporal", "spatial"],
    "ci": ["github", "gitlab"],
    "setup_environment": ["yes", "no"],
}
# Here from this hook to the next: cookiecutter cleans up when a hook fails, but not when it is
# interrupted, or has no room left, between the two.
MARK = Path("THIS-STUDY-IS-NOT-WHOLE.txt")
MARK_TEXT = "Cookiecutter was stopped here: not all files of the study were written.\n"
MARK_NEW = "Remove this folder, then run cookiecutter again.\n"
MARK_HELD = "It held other files before. Keep them; run cookiecutter with --overwrite-if-exists.\n"
ROOM = 8 * 1024 * 1024  # bytes: the files of a study, and git's copies of them
LONGEST_TEXT = 200
LONGEST_SLUG = 40  # keeps rendered lines and Windows paths short
SLUG = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", re.ASCII)
EMAIL = re.compile(
    r"[a-z0-9_%+'-]+(\.[a-z0-9_%+'-]+)*@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}",
    re.ASCII | re.IGNORECASE,
)
ORCID = re.compile(r"[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]")
TEMPLATE_CODE = re.compile(r"\{[#%{]")
# Turn the direction of the text around them, so that it reads otherwise than it is.
DIRECTION = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def words(text):
    """Give the set of words in a text."""
    return set(text.split())


WINDOWS = words("""
    aux con nul prn com0 com1 com2 com3 com4 com5 com6 com7 com8 com9
    lpt0 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9
""")
# Of Pythons other than the one that runs this hook.
FORMER_STDLIB = words("""
    aifc asynchat asyncore audioop cgi cgitb chunk crypt distutils imghdr imp lib2to3 mailcap msilib
    nis nntplib ossaudiodev pipes smtpd sndhdr spwd sunau telnetlib uu xdrlib
    annotationlib compression tomllib
""")
# What the study installs, by the names of packages and of modules, with "_" for "-".
DEPENDENCIES = words("""
    annotated_types appnope asttokens attr attrs babel backrefs black blackd blib2to3 certifi cffi
    cfgv charset_normalizer click cloudpickle colorama comm contourpy cycler dateutil debugpy
    distlib executing fastjsonschema filelock flit flit_core fonttools ghp_import griffe griffelib
    hatchling trove_classifiers
    identify idna iniconfig ipykernel ipykernel_launcher ipython ipython_pygments_lexers jedi jinja2
    joblib jsonschema jsonschema_specifications jupyter jupyter_client jupyter_core kiwisolver
    markdown markupsafe material materialx matplotlib matplotlib_inline mergedeep mkdocs
    mkdocs_autorefs mkdocs_get_deps mkdocs_material mkdocs_material_extensions mkdocstrings
    mkdocstrings_handlers mkdocstrings_python mpl_toolkits mypy_extensions narwhals nbclient
    nbformat nbstripout nest_asyncio nest_asyncio2 nodeenv numpy packaging paginate pandas parso
    pathspec pexpect pil pillow platformdirs pluggy pre_commit pre_commit_hooks prettytable
    prompt_toolkit psutil ptyprocess pure_eval py pyarrow pycparser pydantic pydantic_core pygments
    pylab pymdown_extensions pymdownx pyparsing pytest python_dateutil python_discovery pytokens
    pyyaml pyyaml_env_tag pyzmq referencing requests rpds rpds_py ruamel ruamel_yaml ruff
    scikit_learn scipy sklearn skops stack_data threadpoolctl tokenize_rt tomlkit tqdm traitlets
    typing_extensions typing_inspection tzdata urllib3 virtualenv watchdog wcwidth win32 yaml
    yaml_env_tag zmq
    boolean boolean_py cachecontrol cyclonedx cyclonedx_python_lib defusedxml license_expression
    markdown_it markdown_it_py mdurl msgpack packageurl packageurl_python packaging_legacy_version
    pip_api pip_audit pip_requirements_parser py_serializable rich sortedcontainers tomli tomli_w
    dask_jobqueue fsspec importlib_metadata lazy_importer locket partd psutil tblib tlz toolz
    tornado zict zipp
    pip setuptools uv wheel cookiecutter cruft
    dask distributed jax keras lightgbm optuna seaborn shap statsmodels tensorflow torch
    torchvision transformers xgboost
""")
# Folders of the study, scripts, and the engine: Python finds those before any package of the same
# name.
STUDY = words("""
    data docs engine model notebooks paper reproml results scripts site src test tests
    ablation baselines conftest environment evaluation explore figures interpretation reproduce
    verify
""")


def wrong_text(value):
    """Give the rules that a line of free text breaks."""
    if not isinstance(value, str):
        return ["must be text (in a settings file: with quotes around it)"]
    broken = []
    if not any(char.isalnum() for char in value):
        broken.append("needs a letter or a digit")
    elif value != value.strip():
        broken.append("must not begin or end with a blank")
    if len(value) > LONGEST_TEXT:
        broken.append(f"has {len(value)} characters, {LONGEST_TEXT} are allowed")
    if any(unprintable(char) for char in value):
        broken.append("must be one line, without control or text-direction characters")
    if any(unicodedata.category(char) == "Cs" for char in value):
        broken.append("came with bytes that are not UTF-8: set the terminal, or LC_ALL, to UTF-8")
    return broken + wrong_code(value)


def wrong_code(value):
    """Give the rule that a text with template code in it breaks."""
    if isinstance(value, str) and TEMPLATE_CODE.search(value):
        return ["must not hold an opening brace before another, % or #: that runs as a template"]
    return []


def wrong_given(field, given, answer):
    """Give the rules broken by what cookiecutter was given, where its answer does not show it."""
    value = given.get(field, answer)
    made = field in ("project_slug", "author_email") and "slugify" in str(value)
    if value == answer or made:  # of the study's title, or of a name by a lab's file of defaults
        return []
    if not isinstance(value, str):  # 1_000 in a settings file has become 1000
        return ["must be text (in a settings file: with quotes around it)"]
    return wrong_code(value)


def unprintable(char):
    """Say whether TOML, YAML or a reader would not take this character for what it is."""
    category = unicodedata.category(char)
    nonchar = ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF
    return category in {"Cc", "Cs", "Zl", "Zp"} or nonchar or char == "\ufeff" or char in DIRECTION


def wrong_slug(slug):
    """Give the rules that a name for the folder and the package breaks."""
    if not isinstance(slug, str):
        return ["must be text (in a settings file: with quotes around it)"]
    package = slug.replace("-", "_")
    broken = []
    if not SLUG.fullmatch(slug):
        broken.append(
            "only lower-case letters a-z, digits and single hyphens (or underscores) between them, "
            "beginning with a letter"
        )
    if len(slug) > LONGEST_SLUG:
        broken.append(f"has {len(slug)} characters, {LONGEST_SLUG} are allowed")
    if keyword.iskeyword(package):
        broken.append("is a word of the Python language")
    if package in FORMER_STDLIB | set(sys.stdlib_module_names):
        broken.append("is a module of Python's standard library")
    if package in DEPENDENCIES:
        broken.append("is a package that studies use")
    if package in STUDY:
        broken.append("is a folder or script of the study itself")
    if slug in WINDOWS:
        broken.append("is a device on Windows, where no folder can have this name")
    return broken


def wrong_email(email):
    """Give the rule that an e-mail address breaks; none is fine."""
    if email == "":
        return []
    if isinstance(email, str) and len(email) <= 254 and EMAIL.fullmatch(email):
        return []
    return ["must look like name@host.tld, in plain letters, or be empty"]


def wrong_orcid(orcid):
    """Give the rule that an ORCID breaks; none is fine. Its last character is a check digit."""
    if orcid == "":
        return []
    if not isinstance(orcid, str) or not ORCID.fullmatch(orcid):
        return ["must be four groups of four digits with hyphens, without an address, or be empty"]
    total = 0
    for digit in orcid.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2  # ISO 7064 MOD 11-2
    check = (12 - total % 11) % 11
    if orcid[-1] != ("X" if check == 10 else str(check)):
        return ["its check digit does not fit, so some digit is mistyped"]
    return []


def better_text(value, example):
    """Give the nearest text that would do."""
    if isinstance(value, str):
        value = "".join(" " if unprintable(char) else char for char in value)
        value = " ".join(re.sub(r"\{(?=[#%{])", "", value).split())[:LONGEST_TEXT].strip()
    return example if wrong_text(value) else value


def better_slug(slug, name):
    """Give a name that would do, made of the refused one or else of the study's title."""
    for source in (slug, name):
        plain = unicodedata.normalize("NFKD", str(source)).encode("ascii", "ignore").decode("ascii")
        parts = re.findall("[a-z0-9]+", plain.lower())
        for first in ([], ["study"]):
            better = "-".join(first + parts)[:LONGEST_SLUG].strip("-")
            if parts and not wrong_slug(better):
                return better
    return "my-study"


def find_mistakes(answers, given=None):
    """Give (field, what came, broken rules, what would do) for every answer that cannot work."""
    found = []
    given = given or {}
    for field, example in TEXTS.items():
        value = answers[field]
        found.append((field, value, wrong_text(value), better_text(value, example)))
    slug = answers["project_slug"]
    better = better_slug(slug, answers["project_name"])
    found.insert(1, ("project_slug", slug, wrong_slug(slug), better))
    email, orcid = answers["author_email"], answers["orcid"]
    found.append(("author_email", email, wrong_email(email), "name@example.org"))
    found.append(("orcid", orcid, wrong_orcid(orcid), "0000-0002-1825-0097"))
    if answers.get("__affiliation"):  # no question: it comes from a lab's file of defaults
        value = answers["__affiliation"]
        found.append(("__affiliation", value, wrong_text(value), better_text(value, "Our Lab")))
    for field, choices in CHOICES.items():
        value = answers[field]
        broken = [] if value in choices else ["must be one of: " + ", ".join(choices)]
        found.append((field, value, broken, choices[0]))
    for position, (field, value, _, better) in enumerate(found):
        lost = [] if field in CHOICES else wrong_given(field, given, value)
        if lost:
            value = given[field]
            better = better_text(value, TEXTS[field]) if field in TEXTS else better
            found[position] = (field, value, lost, better)
    return [mistake for mistake in found if mistake[2]]


def mark_unfinished():
    """Leave the mark of a study that is not whole yet; give why it cannot be made, or "".

    What a disk says of its free space knows nothing of quotas, so room is taken and given back.
    """
    held = any(Path.cwd().iterdir())
    try:
        if MARK.exists():  # of an earlier run, whose files are no others
            held = MARK_HELD in MARK.read_text(encoding="ascii")
        MARK.write_bytes(os.urandom(ROOM))  # not zeros: some file systems keep those in no room
        MARK.write_text(MARK_TEXT + (MARK_HELD if held else MARK_NEW), encoding="ascii")
    except OSError as error:
        MARK.unlink(missing_ok=True)
        return f"{ROOM // 1024**2} MB could not be written to {str(Path.cwd())!a}: {error}"
    return ""


def clean_up():
    """Leave nothing of an interrupted run: no mark, and no folder that is empty without it."""
    folder = Path.cwd()
    MARK.unlink(missing_ok=True)
    if not any(folder.iterdir()):
        os.chdir(folder.parent)  # Windows removes no folder that somebody stands in
        folder.rmdir()


def settings_file(output_folder):
    """Give the file of defaults that cookiecutter was told to read, or None.

    It is not among the answers, so it is looked up where cookiecutter got it from: the command line
    (which Linux alone shows) or its environment. One's own ~/.cookiecutterrc is for all templates:
    what this one does not offer is no mistake there.
    """
    try:
        shown = Path("/proc", str(os.getppid()), "cmdline").read_bytes()
    except OSError:
        shown = b""
    words = [os.fsdecode(word) for word in shown.split(b"\0")]
    if "--default-config" in words:
        return None
    named = [word for before, word in itertools.pairwise(words) if before == "--config-file"]
    named += [word.partition("=")[2] for word in words if word.startswith("--config-file=")]
    named += [os.environ.get("COOKIECUTTER_CONFIG", "")]
    if not named[0]:
        return None
    name = Path(os.path.expandvars(named[0])).expanduser()
    # This runs inside the new study; a relative name is meant from where cookiecutter was started.
    paths = [Path(folder, name) for folder in (os.environ.get("PWD", "."), output_folder)]
    return next((path for path in paths if path.is_file()), None)


def wrong_settings(path, known):
    """Give mistakes, as `find_mistakes` does, in the defaults that a lab keeps in a file.

    Cookiecutter goes on after a choice that is not offered, without it and all that stand below it.
    """
    import yaml

    defaults = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("default_context") or {}
    found = []
    for field, value in defaults.items():
        near = difflib.get_close_matches(str(field), known, n=1, cutoff=0.8)
        broken, better = [], (near or ["license"])[0]
        if field in CHOICES and value not in CHOICES[field]:
            better = (difflib.get_close_matches(str(value), CHOICES[field]) or CHOICES[field])[0]
            broken = ["must be one of: " + ", ".join(CHOICES[field])]
            if not isinstance(value, str):
                broken.append(f'must be text, with quotes around it: "{better}"')
        elif field not in known and near:
            broken = [f"is no question of this template; {better} is"]
        found.append((f"{field} in {path.name}", value, broken, better))
    return [mistake for mistake in found if mistake[2]]


def wrong_private(answers):
    """Give mistakes in what is no question: the template sets it, and nobody else.

    A file of defaults, a settings file of one's own and the command line can set these too; then
    cookiecutter would stop in the middle, or make a study that is none.
    """
    from cookiecutter.environment import StrictEnvironment

    template = Path(answers.get("_repo_dir") or "nowhere", "cookiecutter.json")
    own = json.loads(template.read_text(encoding="utf-8")) if template.is_file() else {}
    environment = StrictEnvironment(context={"cookiecutter": own})
    found = []
    for field, value in own.items():
        if field[0] != "_" or field in ("__affiliation", "__prompts__"):
            continue
        if field.startswith("__"):
            value = environment.from_string(value).render(cookiecutter=answers)
        if answers.get(field, value) != value:
            rule = "is set by the template itself: take this line out"
            found.append((field, answers[field], [rule], "__affiliation, a lab's name"))
    return found


def main():
    """Print every mistake; a return value other than 0 makes cookiecutter remove the folder."""
    answers = json.loads(ANSWERS)
    mistakes = find_mistakes(answers, json.loads(GIVEN))
    mistakes = mistakes or wrong_private(answers)
    settings = settings_file(answers.get("_output_dir", "."))
    if settings:
        mistakes += wrong_settings(settings, list(answers))
    if not mistakes:
        why = mark_unfinished()
        if why:
            print(f"\nNo study was made: {why}", file=sys.stderr, flush=True)
        return 1 if why else 0
    count = "1 answer" if len(mistakes) == 1 else f"{len(mistakes)} answers"
    lines = ["", f"No study was made: {count} cannot work."]
    for field, value, broken, better in mistakes:
        came = ascii(value)
        lines += ["", f"{field} = {came if len(came) < 80 else came[:76] + '...'}"]
        lines += [f"    {rule}" for rule in broken]
        lines += [f"    would do: {better if better.isascii() else ascii(better)[1:-1]}"]
    print("\n".join(lines), file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # after which cookiecutter cleans nothing up
        clean_up()
        sys.exit("No study was made: interrupted.")
