"""What people look like: candidates for each identity, and the choice among them."""

from generation.people.person import Person
from generation.people.sampling import sample_person

__all__ = ["Person", "sample_person"]
