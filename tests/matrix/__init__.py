"""Cases × servers: every case must notice the servers that have its defect, and leave all others alone."""
