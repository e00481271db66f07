"""The viewer: plate, matte and foreground on the screen, as fast as disks and cores allow."""
