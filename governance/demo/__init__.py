"""A lively programme in a throw-away home: what `governance demo` makes, by the services alone."""
