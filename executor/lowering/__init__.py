"""From a schedule to one program per rank, in small passes."""
