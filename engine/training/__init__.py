"""One file per thing that is trained, one loop, named presets. Left out of the add-on's zip."""
