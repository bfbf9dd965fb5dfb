"""Hook of mkdocs: the theme writes these texts into its pages as they are, quotes and all."""

from markupsafe import escape


def on_config(config):
    """Escape them; what is escaped is not escaped once more where the theme does it too."""
    for key in ("site_name", "site_description", "site_author"):
        config[key] = escape(config[key])
    return config
