"""The command line: `pathline ask | search | index | model | lsp`. On top of everything; nothing imports it."""
