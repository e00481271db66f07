#!/bin/sh
# Render a plate, take up what an interruption left, and list the frames worth a look.
#
#   examples/render_and_report.sh plate.####.exr mattes
set -eu
plate=$1
output=$2

# Prints every decision and writes nothing: a mistake costs seconds here.
matteline render "$plate" --output "$output" --dry-run
# After an interruption the same line renders what is missing.
matteline render "$plate" --output "$output" --resume
matteline report "$output"
