"""One file per thing that is trained, one shared loop, named presets. Left out of the add-on's zip."""
