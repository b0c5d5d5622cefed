"""Datasets on the Hugging Face Hub: publish them, list their versions, fetch one, read one from the cache."""
