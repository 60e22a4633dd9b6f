"""Changing the library.

Each function writes its rows, the change that the index follows and the audit entry in one transaction.
"""
