"""Three applicants on loopback: real servers, there while they are looked at. Only the CLI imports this."""
