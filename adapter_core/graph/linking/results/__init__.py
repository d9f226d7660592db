"""What inference finds: values, remembered with what was read for them."""
