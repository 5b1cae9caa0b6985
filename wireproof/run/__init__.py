"""Running cases: the lab that owns loop and target, the scheduler that flies cases, the events they make."""
