"""The workflow: camera, manipulations, channel and forensic network (FAN), trained together."""
