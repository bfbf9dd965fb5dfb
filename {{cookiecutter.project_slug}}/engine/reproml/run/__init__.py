"""The run object that scripts and verbs work with, and how they are started."""
