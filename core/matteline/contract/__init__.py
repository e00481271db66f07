"""What every door and room agrees on: frames, settings, jobs, events and errors.

Standard library only, Python 3.9 and later, because the host plug-ins carry a copy of this folder.
"""
