--- The split that shows an answer: a scratch buffer in Markdown, where <CR> opens the cited lines and q closes.
local M = {}

local NAME = 'pathline://answer'

---@type table<integer, pathline.Place>
local places = {}

--- Id of the quickfix list that holds the answer's citations.
---@type integer?
local quickfix

---@return integer? buffer
local function find_buffer()
  local buffer = vim.fn.bufnr('^' .. NAME .. '$')
  return buffer ~= -1 and buffer or nil
end

---@param buffer integer
---@return integer? window in this tab page
local function find_window(buffer)
  local window = vim.fn.bufwinid(buffer)
  return window ~= -1 and window or nil
end

---@param window integer
---@return boolean whether a file may be shown there: in no list, terminal or floating window
local function takes_files(window)
  local own = vim.bo[vim.api.nvim_win_get_buf(window)].buftype == ''
  return own and not vim.wo[window].winfixbuf and vim.api.nvim_win_get_config(window).relative == ''
end

--- Goes to a window for source text: the last one, or any, or a new one.
local function leave()
  local last = vim.fn.win_getid(vim.fn.winnr('#'))
  for _, window in ipairs({ last, unpack(vim.api.nvim_tabpage_list_wins(0)) }) do
    if window ~= 0 and takes_files(window) then
      vim.api.nvim_set_current_win(window)
      return
    end
  end
  vim.cmd('aboveleft new')
end

--- The line a place is at now: Neovim moves quickfix entries along with edits.
---@param place pathline.Place
---@return integer
local function line_of(place)
  local items = quickfix and vim.fn.getqflist({ id = quickfix, items = 0 }).items or {}
  local item = place.entry and items[place.entry]
  return item and item.lnum or place.location.range.start.line + 1
end

local function open_place()
  local place = places[vim.fn.line('.')]
  if place then
    leave()
    vim.lsp.util.show_document(place.location, 'utf-16', { focus = true })
    vim.api.nvim_win_set_cursor(0, { math.min(line_of(place), vim.api.nvim_buf_line_count(0)), 0 })
    vim.cmd.normal({ 'zz', bang = true })
  end
end

---@param on_close fun() the answer is gone, whichever way it was closed
---@return integer buffer
local function create_buffer(on_close)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(buffer, NAME)
  -- The text quotes a repository that nobody has vouched for.
  vim.bo[buffer].modeline = false
  vim.bo[buffer].bufhidden = 'wipe'
  vim.bo[buffer].filetype = 'markdown'
  vim.bo[buffer].formatlistpat = [[^\s*\%((\d\+)\|[-→]\)\s\+]] -- what hangs below it when it wraps
  vim.bo[buffer].modifiable = false
  vim.keymap.set('n', '<CR>', open_place, { buffer = buffer, desc = 'Pathline: open the cited lines' })
  vim.keymap.set('n', 'q', M.close, { buffer = buffer, desc = 'Pathline: close the answer' })
  vim.api.nvim_create_autocmd('BufWipeout', { buffer = buffer, callback = on_close, desc = 'Pathline: nobody waits any more' })
  return buffer
end

---@param buffer integer
local function open_window(buffer)
  local window = vim.api.nvim_open_win(buffer, false, { split = 'below', win = 0, height = math.floor(vim.o.lines * 0.4) })
  -- Of this buffer in this window: a file that is shown there later has the user's own.
  local options = vim.wo[window][0]
  options.wrap = true
  options.linebreak = true
  options.breakindent = true
  options.breakindentopt = 'list:-1'
  options.number = false
  options.relativenumber = false
  options.signcolumn = 'no'
  options.spell = false
  options.winfixbuf = true -- `:cnext` shows its file beside the answer, not in its place
end

--- Shows a new question from its top, in a window of this tab page; the cursor stays where it is.
---@param rendered pathline.Rendered
---@param on_close fun() called when the answer is closed
function M.open(rendered, on_close)
  local buffer = find_buffer() or create_buffer(on_close)
  M.update(rendered)
  local window = find_window(buffer)
  if window then
    vim.api.nvim_win_set_cursor(window, { 1, 0 })
  else
    open_window(buffer)
  end
end

--- Shows what has become of the question. An answer that was closed stays closed.
---@param rendered pathline.Rendered
---@param quickfix_id? integer
function M.update(rendered, quickfix_id)
  local buffer = find_buffer()
  if not buffer then
    return
  end
  places, quickfix = rendered.places, quickfix_id
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, rendered.lines)
  vim.bo[buffer].modifiable = false
end

function M.close()
  local buffer = find_buffer()
  if buffer then
    vim.api.nvim_buf_delete(buffer, { force = true })
  end
end

return M
