"""What the suites share: the gateway as a process, scripted upstreams, raw sockets and waits with deadlines."""
