--- `:checkhealth pathline`
local M = {}

function M.check()
  vim.health.start('pathline')
  if vim.fn.has('nvim-0.11') == 1 then
    vim.health.ok('Neovim is 0.11 or later')
  else
    vim.health.error('Neovim 0.11 or later is needed')
    return
  end
  local cmd = vim.lsp.config.pathline and vim.lsp.config.pathline.cmd
  local program = type(cmd) == 'table' and cmd[1]
  if type(cmd) == 'function' then
    vim.health.info('the server is started by a function of your own')
  elseif not program then
    vim.health.error('lsp/pathline.lua is not on the runtime path')
  elseif vim.fn.executable(program) == 1 then
    vim.health.ok(('the server is %s'):format(vim.fn.exepath(program)))
  else
    vim.health.error(
      ('the program %s was not found'):format(program),
      "Install Pathline, or say where it is: vim.lsp.config('pathline', { cmd = { '/path/to/pathline', 'lsp' } })"
    )
  end
  if vim.lsp.is_enabled and not vim.lsp.is_enabled('pathline') then
    vim.health.warn('the server is not enabled', "Add vim.lsp.enable('pathline') to your init.lua")
  end
  local clients = #vim.lsp.get_clients({ name = 'pathline' })
  vim.health.info(clients == 0 and 'no server is running' or ('%d server(s) running'):format(clients))
end

return M
