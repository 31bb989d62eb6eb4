"""The pages of second factors: the second step of a sign-in, and what people set up."""
