"""What the suites, bench/ and deploy/ share: a running server, a private PostgreSQL and Redis, the
distribution's programs, an HTTP client, bounded waiting."""
