if vim.g.loaded_pathline then
  return
end
vim.g.loaded_pathline = true

if vim.fn.has('nvim-0.11') == 0 then
  vim.notify('Pathline needs Neovim 0.11 or later.', vim.log.levels.WARN)
  return
end

---@type table<string, fun(rest: string)>
local subcommands = {
  ask = function(rest)
    require('pathline').ask(rest)
  end,
  follow = function(rest)
    require('pathline').follow(rest)
  end,
  explain = function()
    require('pathline').explain()
  end,
  clear = function()
    require('pathline').clear()
  end,
  cancel = function()
    require('pathline').cancel()
  end,
}

local names = vim.tbl_keys(subcommands)
table.sort(names)

vim.api.nvim_create_user_command('Pathline', function(args)
  local name, rest = args.args:match('^(%S+)%s*(.*)$')
  name, rest = name or 'ask', rest or ''
  local run = subcommands[name]
  if run then
    run(vim.trim(rest))
  else
    vim.notify(('Pathline: there is no subcommand %s; there are %s.'):format(name, table.concat(names, ', ')), vim.log.levels.ERROR)
  end
end, {
  nargs = '*',
  desc = 'Ask the repository',
  complete = function(lead, line)
    if line:match('^%s*%S+%s+%S*$') == nil then
      return {} -- past the subcommand comes free text
    end
    return vim.tbl_filter(function(name)
      return vim.startswith(name, lead)
    end, names)
  end,
})

vim.api.nvim_create_autocmd('LspAttach', {
  desc = 'Pathline: the texts that were opened before the first Python file',
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'pathline' then
      require('pathline.files').attach_texts(client)
    end
  end,
})

-- Code actions. The first is ours; the second is the server's, whose answer belongs into our view, not into a message.
vim.lsp.commands['pathline.askAboutSymbol'] = function(command)
  require('pathline').ask_about_symbol(command.arguments[1])
end
vim.lsp.commands['pathline.server.ask'] = function(command)
  require('pathline').ask_with(command.arguments[1])
end
