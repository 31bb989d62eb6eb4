"""How clients authenticate: a module for each sort of credentials, and one table of all methods.

``methods.py`` has the table and reads the credentials of a request by it; ``client.py`` decides
whether they authenticate the client that they name.
"""
