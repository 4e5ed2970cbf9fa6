"""Faults between the functions and the emulated AWS."""


def run(deployment, step, server):
    pass
