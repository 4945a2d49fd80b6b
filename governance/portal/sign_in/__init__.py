"""How people sign in: OpenID Connect, or choosing a name on one's own machine."""
