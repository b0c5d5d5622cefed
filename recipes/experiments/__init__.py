"""Experiments: one command each, whose tables and figures are committed with what made them."""
