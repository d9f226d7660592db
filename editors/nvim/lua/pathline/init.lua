--- Ask the repository: one question at a time, shown as it is answered, with its citations in the quickfix list.
local answer = require('pathline.answer')
local view = require('pathline.view')

local M = {}

---@class pathline.Turn A question and what has become of it
---@field client vim.lsp.Client
---@field question string
---@field conversation string questions with the same name lean on each other
---@field document? lsp.TextDocumentIdentifier its folder is asked
---@field phase 'asking'|'done'|'cancelled'|'failed'
---@field claims table[] what has arrived
---@field result? table the whole answer
---@field message? string why there is none
---@field request_id? integer
---@field autocommand? integer
---@field quickfix? integer id of the list with its citations

---@type pathline.Turn?
local current

local count = 0

local STOPPED = 'the server stopped before it had answered.'

--- How long a server may take to be ready.
local START_MS = 5000

--- Tells the conversations of this Neovim from those of another on the same server.
local session = ('nvim-%d-%d'):format(vim.fn.getpid(), vim.uv.hrtime())

---@param message string
---@param level? integer
local function notify(message, level)
  vim.notify('Pathline: ' .. message, level or vim.log.levels.INFO)
end

--- The server of the current buffer, or else of the last answer, whose own buffer has none, or else any.
---@return vim.lsp.Client?
local function running_client()
  local here = vim.lsp.get_clients({ name = 'pathline', bufnr = 0 })[1]
  local last = current and not current.client:is_stopped() and current.client
  return here or last or vim.lsp.get_clients({ name = 'pathline' })[1]
end

--- Starts a server that has died, where there is a file for it.
local function restart()
  if vim.lsp.is_enabled and vim.lsp.is_enabled('pathline') then
    vim.lsp.enable('pathline') -- looks at all files that are open
    -- What it starts, it schedules; this comes behind it.
    local begun = false
    vim.schedule(function()
      begun = true
    end)
    vim.wait(START_MS, function()
      local starting = #vim.lsp.get_clients({ name = 'pathline', _uninitialized = true }) > 0
      return running_client() ~= nil or (begun and not starting)
    end, 20)
  end
end

---@return vim.lsp.Client?
local function find_client()
  local client = running_client()
  if not client then
    restart()
    client = running_client()
  end
  if not client then
    notify(
      "no server is running. Open a Python file, after vim.lsp.enable('pathline'); :checkhealth pathline says more.",
      vim.log.levels.WARN
    )
  end
  return client
end

--- The position in a Python file comes along, where the server knows the buffer: "this" and "here" mean what is there.
---@param client vim.lsp.Client
---@return table
local function cursor_of(client)
  if not vim.lsp.buf_is_attached(0, client.id) then
    return {}
  end
  if vim.bo.filetype ~= 'python' then
    return { textDocument = vim.lsp.util.make_text_document_params(0) }
  end
  return vim.lsp.util.make_position_params(0, client.offset_encoding)
end

---@param turn pathline.Turn
local function stop_listening(turn)
  if turn.autocommand then
    vim.api.nvim_del_autocmd(turn.autocommand)
    turn.autocommand = nil
  end
end

---@param turn pathline.Turn
local function show(turn)
  if turn == current then
    view.update(answer.render(turn), turn.quickfix)
  end
end

---@param turn pathline.Turn
---@param err lsp.ResponseError?
---@param result table?
local function finish(turn, err, result)
  stop_listening(turn)
  if turn.phase ~= 'asking' then
    return -- cancelled here, and answered before the server knew
  end
  if err then
    turn.phase, turn.message = 'failed', err.message
  else
    turn.phase, turn.result = 'done', result
    if turn == current then
      vim.fn.setqflist({}, ' ', answer.quickfix(turn))
      turn.quickfix = vim.fn.getqflist({ id = 0 }).id
    end
  end
  show(turn)
end

---@param turn pathline.Turn
---@param token string
local function listen(turn, token)
  turn.autocommand = vim.api.nvim_create_autocmd({ 'LspProgress', 'LspDetach' }, {
    desc = 'Pathline: sentences as they arrive, and a server that stops',
    callback = function(event)
      if event.data.client_id ~= turn.client.id then
        return
      end
      local params = event.data.params
      if params and params.token == token then
        vim.list_extend(turn.claims, params.value.claims or {})
        show(turn)
      elseif event.event == 'LspDetach' and turn.client:is_stopped() then
        -- Neovim drops the handlers of a server's requests with it.
        finish(turn, { code = 0, message = STOPPED })
      end
    end,
  })
end

---@param client vim.lsp.Client
---@param params table `{question, textDocument?, position?, phrase?, conversation?}`
local function send(client, params)
  M.cancel({ quiet = true })
  count = count + 1
  local token = ('pathline-ask-%d'):format(count)
  ---@type pathline.Turn
  local turn = {
    client = client,
    question = params.question,
    -- Each question begins a conversation, unless it goes on with one.
    conversation = params.conversation or ('%s-%d'):format(session, count),
    document = params.textDocument,
    phase = 'asking',
    claims = {},
  }
  current = turn
  view.open(answer.render(turn), function()
    M.cancel({ quiet = true })
  end)
  listen(turn, token)
  params = vim.tbl_extend('force', params, { partialResultToken = token, conversation = turn.conversation })
  local sent, request_id = client:request('pathline/ask', params, function(err, result)
    finish(turn, err, result)
  end)
  if sent then
    turn.request_id = request_id
  else
    finish(turn, { code = 0, message = STOPPED })
  end
end

---@param prompt string
---@param default string?
---@param then_ask fun(question: string)
local function input_question(prompt, default, then_ask)
  vim.ui.input({ prompt = prompt, default = default }, function(question)
    question = vim.trim(question or '')
    if question ~= '' then
      then_ask(question)
    end
  end)
end

--- Asks about the workspace; without a question, prompts for it.
---@param question? string
function M.ask(question)
  local client = find_client()
  if not client then
    return
  end
  local cursor = cursor_of(client) -- now: a prompt may move it
  local function go(text)
    send(client, vim.tbl_extend('force', cursor, { question = text }))
  end
  if question and question ~= '' then
    go(question)
  else
    input_question('Ask the repository: ', nil, go)
  end
end

--- Asks a question that leans on the last answer; without one, prompts for it. "It" means what that answer is about.
---@param question? string
function M.follow(question)
  local last = current
  if not last or last.client:is_stopped() then
    notify('there is no answer to go on from. Ask a question first.')
    return
  end
  local function go(text)
    send(last.client, { question = text, conversation = last.conversation, textDocument = last.document })
  end
  if question and question ~= '' then
    go(question)
  else
    input_question('Go on: ', nil, go)
  end
end

--- Asks what the symbol at the cursor does.
function M.explain()
  local symbol = vim.fn.expand('<cword>')
  if symbol == '' then
    notify('put the cursor on a name first.')
  else
    M.ask(('What does `%s` do?'):format(symbol))
  end
end

--- Prompts for a question about a symbol; `target` is what the server's code action passes.
---@param target {textDocument: lsp.TextDocumentIdentifier, position: lsp.Position, symbol: string}
function M.ask_about_symbol(target)
  local client = find_client()
  if client then
    local default = ('What does `%s` do?'):format(target.symbol)
    input_question(('Ask about %s: '):format(target.symbol), default, function(question)
      send(client, { question = question, textDocument = target.textDocument, position = target.position })
    end)
  end
end

--- Asks with ready-made parameters, or the question alone.
---@param params string|{question: string, textDocument?: lsp.TextDocumentIdentifier, position?: lsp.Position}
function M.ask_with(params)
  if type(params) == 'string' then
    params = { question = params }
  end
  local client = find_client()
  if client then
    send(client, params)
  end
end

--- Stops the answer that is on its way; what has arrived stays.
---@param options? {quiet: boolean}
function M.cancel(options)
  local turn = current
  if not turn or turn.phase ~= 'asking' then
    if not (options and options.quiet) then
      notify('no answer is on its way.')
    end
    return
  end
  -- Neovim drops the handler of a cancelled request, so its end is handled here.
  stop_listening(turn)
  turn.phase = 'cancelled'
  if turn.request_id then
    turn.client:cancel_request(turn.request_id)
  end
  show(turn)
end

--- Removes the marks of the cited lines, and the answer.
function M.clear()
  M.cancel({ quiet = true })
  current = nil
  view.close()
  for _, client in ipairs(vim.lsp.get_clients({ name = 'pathline' })) do
    client:request('workspace/executeCommand', { command = 'pathline.server.clearCitations' }, function(err)
      if err then
        notify(err.message, vim.log.levels.ERROR)
      end
    end)
  end
end

return M
