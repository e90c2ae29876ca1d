"""From a RAW file to a picture: classical pipelines, and INet, UNet and DNet."""
