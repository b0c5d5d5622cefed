"""Is it a person, and which? Face recognition over the pictures, and the checks and reports made of it."""
