--- An answer as lines of text and as quickfix entries. Pure: no window, no buffer, no server.
local M = {}

--- How many places to offer where nothing supports an answer.
local NEAREST = 5

---@class pathline.Place Where a line of the answer leads to
---@field location lsp.Location
---@field entry? integer number of its quickfix entry, which moves when the file is edited

---@class pathline.Rendered
---@field lines string[]
---@field places table<integer, pathline.Place> by number of the line that shows it

---@param place table
---@return string
local function label(place)
  local lines = place.start == place['end'] and tostring(place.start) or ('%d-%d'):format(place.start, place['end'])
  return ('%s:%s'):format(place.path, lines)
end

--- Text of the workspace is one line here, whatever it holds: control characters would break the view.
---@param text string
---@return string
local function one_line(text)
  return vim.trim((text:gsub('%c+', ' ')))
end

---@param turn pathline.Turn
---@return table[]
local function claims_of(turn)
  return turn.result and turn.result.claims or turn.claims
end

---@param rendered pathline.Rendered
---@param text string
---@param place? pathline.Place
local function add(rendered, text, place)
  table.insert(rendered.lines, one_line(text))
  rendered.places[#rendered.lines] = place
end

---@param rendered pathline.Rendered
---@param claims table[]
local function add_claims(rendered, claims)
  local entry = 0
  for _, claim in ipairs(claims) do
    add(rendered, '')
    add(rendered, claim.lead or claim.text)
    local first = #rendered.lines
    for _, step in ipairs(claim.steps or {}) do
      table.insert(rendered.lines, '    ' .. one_line(step))
    end
    local last = #rendered.lines
    for _, citation in ipairs(claim.citations) do
      entry = entry + 1 -- the order is that of `M.quickfix`
      local place = { location = citation.location, entry = entry }
      add(rendered, '→ ' .. label(citation), place)
      for line = first, last do
        rendered.places[line] = rendered.places[line] or place
      end
    end
  end
end

---@param rendered pathline.Rendered
---@param result table
local function add_not_found(rendered, result)
  add(rendered, '')
  add(rendered, result.text ~= '' and result.text or 'Not found in this workspace.')
  if #result.evidence == 0 then
    return
  end
  add(rendered, '')
  add(rendered, 'The closest places, none of which answers the question:')
  add(rendered, '')
  for _, place in ipairs(vim.list_slice(result.evidence, 1, NEAREST)) do
    add(rendered, ('- `%s` → %s'):format(place.symbol, label(place)), { location = place.location })
  end
end

---@param sentence string
---@return string
local function with_stop(sentence)
  return vim.endswith(sentence, '.') and sentence or sentence .. '.'
end

--- Why sentences were left out, each reason once. What they say is not shown: nothing vouches for it.
---@param rendered pathline.Rendered
---@param dropped {text: string, reason: string}[]
local function add_dropped(rendered, dropped)
  local reasons, counts = {}, {}
  for _, sentence in ipairs(dropped) do
    if not counts[sentence.reason] then
      table.insert(reasons, sentence.reason)
    end
    counts[sentence.reason] = (counts[sentence.reason] or 0) + 1
  end
  for _, reason in ipairs(reasons) do
    local count = counts[reason]
    add(rendered, '')
    add(rendered, ('(%s)'):format(with_stop(('%d %s left out: %s'):format(count, count == 1 and 'sentence' or 'sentences', reason))))
  end
end

---@param rendered pathline.Rendered
---@param result table
local function add_notes(rendered, result)
  if not result.complete then
    add(rendered, '')
    add(rendered, with_stop(result.reason ~= '' and 'Incomplete: ' .. result.reason or 'Incomplete'))
  elseif result.reason ~= '' then
    add(rendered, '')
    add(rendered, ('(%s)'):format(with_stop('Note: ' .. result.reason)))
  end
  add_dropped(rendered, result.dropped or {})
end

---@param turn pathline.Turn
---@return pathline.Rendered
function M.render(turn)
  ---@type pathline.Rendered
  local rendered = { lines = {}, places = {} }
  add(rendered, '# ' .. turn.question)
  if turn.phase == 'asking' then
    add(rendered, '')
    add(rendered, 'Searching… (`:Pathline cancel` stops)')
  elseif turn.phase == 'cancelled' then
    add(rendered, '')
    add(rendered, 'Cancelled.')
  elseif turn.phase == 'failed' then
    add(rendered, '')
    add(rendered, 'No answer: ' .. turn.message)
  end
  if turn.result and not turn.result.found then
    add_not_found(rendered, turn.result)
  else
    add_claims(rendered, claims_of(turn))
  end
  if turn.result then
    add_notes(rendered, turn.result)
  end
  return rendered
end

--- The citations of a whole answer, for `setqflist({}, ' ', …)`.
---@param turn pathline.Turn
---@return table
function M.quickfix(turn)
  local items = {}
  for _, claim in ipairs(turn.result.found and turn.result.claims or {}) do
    for _, citation in ipairs(claim.citations) do
      table.insert(items, {
        filename = vim.uri_to_fname(citation.location.uri),
        lnum = citation.start,
        end_lnum = citation['end'],
        type = 'I',
        text = one_line(claim.text),
      })
    end
  end
  return { title = 'Pathline: ' .. one_line(turn.question), items = items }
end

return M
