"""The results of inference: values, cached with what was read for them."""
