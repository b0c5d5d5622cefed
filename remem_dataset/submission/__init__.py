"""Submissions to the leaderboard: written from results, validated, sent to the Hub, read back."""
