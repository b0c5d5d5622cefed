"""ReMem: a benchmark of memorisation and unlearning in vision-language models."""

__version__ = "0.1.0"

__all__ = ["BenchmarkConfig", "ReMem", "RememError", "__version__", "load", "open_source"]

_HOMES = {
    "BenchmarkConfig": ".config",
    "ReMem": ".builder",
    "RememError": ".errors",
    "load": ".source",
    "open_source": ".source",
}


def __getattr__(name: str):
    # `datasets` takes a second to import; a command that needs none of it should not wait for it.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
