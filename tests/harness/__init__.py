"""What every Python suite shares: a running server, an HTTP client, a private PostgreSQL, and bounded waiting."""
