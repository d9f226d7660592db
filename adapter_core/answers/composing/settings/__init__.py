"""Settings and command-line options: where they are declared, what their documentation says, what reads them."""
