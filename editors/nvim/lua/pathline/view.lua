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

--- Goes to a window for source text: the last one, unless that is the answer's own.
local function leave()
  local own = vim.api.nvim_get_current_win()
  vim.cmd.wincmd('p')
  if vim.api.nvim_get_current_win() == own then
    vim.cmd('aboveleft new')
  end
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
  vim.bo[buffer].modifiable = false
  vim.keymap.set('n', '<CR>', open_place, { buffer = buffer, desc = 'Pathline: open the cited lines' })
  vim.keymap.set('n', 'q', M.close, { buffer = buffer, desc = 'Pathline: close the answer' })
  vim.api.nvim_create_autocmd('BufWipeout', { buffer = buffer, callback = on_close, desc = 'Pathline: nobody waits any more' })
  return buffer
end

---@param buffer integer
local function open_window(buffer)
  local window = vim.api.nvim_open_win(buffer, false, { split = 'below', win = 0, height = math.floor(vim.o.lines * 0.4) })
  vim.wo[window].wrap = true
  vim.wo[window].linebreak = true
  vim.wo[window].number = false
  vim.wo[window].relativenumber = false
  vim.wo[window].signcolumn = 'no'
  vim.wo[window].spell = false
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
