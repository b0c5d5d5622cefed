"""What people look like: `sample_person` draws a `Person` for each identity."""

from generation.people.person import Person
from generation.people.sampling import sample_person

__all__ = ["Person", "sample_person"]
