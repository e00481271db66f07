"""The plug-in's release; packaging names the zip after it."""

VERSION = "0.1.0"
