// The rest is generated.
