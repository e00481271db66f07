#!/bin/sh
# Write what a render farm takes for a clip, and submit nothing.
#
#   examples/farm_dry_run.sh plate.####.exr mattes
set -eu
plate=$1
output=$2

matteline farm submit "$plate" --output "$output" --engine openjd --chunk 24 --dry-run
# The submission as text; `openjd run` would render it on this machine.
find "$output/farm" -name '*.yaml'
