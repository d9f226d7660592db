-- Read by `vim.lsp.enable('pathline')` (Neovim 0.11 and later). Change it with `vim.lsp.config('pathline', {…})`.

local files = require('pathline.files')

-- The server's working folder is not the opened one: nothing that lies there may be on the way of what it loads.
local neutral_folder = vim.fn.stdpath('cache')
vim.fn.mkdir(neutral_folder, 'p') -- a fresh account may not have it

return {
  cmd = { 'pathline', 'lsp' },
  cmd_cwd = neutral_folder,
  filetypes = { 'python', unpack(files.text_filetypes) },
  root_markers = { 'pyproject.toml', 'setup.py', 'setup.cfg', '.git' },
  root_dir = files.find_root,
  init_options = {
    -- The code action "Ask about `x`" prompts for the question; see plugin/pathline.lua.
    askCommand = 'pathline.askAboutSymbol',
  },
}
