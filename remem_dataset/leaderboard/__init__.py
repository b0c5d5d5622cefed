"""The leaderboard: a folder of submissions in, one static page and a Parquet table out."""
