--- Which folder a file belongs to, and which files the server is to know beside the Python files.
local M = {}

--- What a citation may name beside Python: what is typed there has to be known, but it starts no server.
M.text_filetypes = { 'markdown', 'rst', 'text', 'toml', 'cfg', 'dosini' }

---@param buffer integer
---@return boolean
local function is_text(buffer)
  return vim.tbl_contains(M.text_filetypes, vim.bo[buffer].filetype)
end

--- Where Python and its packages are installed: a definition in one of them is looked at, and not asked about.
local INSTALLED = { '/site%-packages/', '/dist%-packages/', '/lib/python%d', '/Lib/' }

---@param folder string
---@return boolean
local function is_installed(folder)
  return vim.iter(INSTALLED):any(function(pattern)
    return (folder .. '/'):find(pattern) ~= nil
  end)
end

--- The folder above a file that has a marker. Of a file that lies in no project, its own folder is one, unless it is the home folder or one
--- above it, or one of Python's own.
---@param buffer integer
---@return string?
local function root_of(buffer)
  local root = vim.fs.root(buffer, vim.lsp.config.pathline.root_markers or {})
  local file = vim.api.nvim_buf_get_name(buffer)
  if root or file == '' then
    return root
  end
  local folder = vim.fs.dirname(vim.fs.normalize(file))
  local home = vim.fs.normalize(vim.uv.os_homedir() or '/') .. '/'
  local is_above_home = vim.startswith(home, folder:gsub('/+$', '') .. '/')
  local is_project = not is_above_home and not is_installed(folder) and vim.fn.isdirectory(folder) == 1
  return is_project and folder or nil
end

---@param root string?
---@return vim.lsp.Client?
local function client_of(root)
  local clients = vim.lsp.get_clients({ name = 'pathline', _uninitialized = true })
  return vim.iter(clients):find(function(client)
    return root ~= nil and client.root_dir == root
  end)
end

--- `root_dir` of the configuration.
---@param buffer integer
---@param on_dir fun(root?: string)
function M.find_root(buffer, on_dir)
  local root = root_of(buffer)
  if not is_text(buffer) or client_of(root) then
    on_dir(root)
  end
end

--- Attaches the texts of a client's folder that were opened before it began.
---@param client vim.lsp.Client
function M.attach_texts(client)
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    local is_file = vim.api.nvim_buf_is_loaded(buffer) and vim.bo[buffer].buftype == ''
    if is_file and is_text(buffer) and not vim.lsp.buf_is_attached(buffer, client.id) and client_of(root_of(buffer)) == client then
      vim.lsp.buf_attach_client(buffer, client.id)
    end
  end
end

return M
