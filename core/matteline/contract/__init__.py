"""The types that all doors and rooms share: frames, settings, jobs, events and errors.

Standard library only, Python 3.9 and later, because the host plug-ins carry a copy of this folder.
"""
