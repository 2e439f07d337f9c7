-- Names, numbers and small helpers that the steps share.
local M = {}

M.typst = FORMAT:match 'typst' ~= nil
M.format = M.typst and 'typst' or 'html'

-- How each numbered kind is called.
M.kinds = {
  fig = 'Figure', tbl = 'Table', eq = 'Equation', sec = 'Section', thm = 'Theorem',
  lem = 'Lemma', cor = 'Corollary', prp = 'Proposition', cnj = 'Conjecture',
  def = 'Definition', exm = 'Example', exr = 'Exercise',
}
-- The kinds whose statement is set upright; the other theorem-like kinds are set in italics.
M.upright = {def = true, exm = true, exr = true}
M.proofs = {proof = 'Proof', remark = 'Remark', solution = 'Solution'}
M.callouts = {note = 'Note', tip = 'Tip', warning = 'Warning', caution = 'Caution',
              important = 'Important'}

-- Filled by `numbering`: label -> {kind = …, caption = … of a sub-figure}, of this chapter.
M.numbers = {}

-- What the driver is told of the chapter: its headings, what carries a number, and the labels whose
-- numbers are mentioned.
M.record = {headings = pandoc.List {}, items = pandoc.List {}, mentions = pandoc.List {}}

-- Stop the render. The driver finds `snippet` in the author's files and adds file and line.
function M.refuse(snippet, message)
  error('REFUSED ' .. pandoc.json.encode({snippet = snippet, message = message}) .. ' END', 0)
end

-- The kind of a label: 'thm' of 'thm-value'; nil where it has none.
function M.kind(identifier)
  local prefix = identifier:match '^(%a+)%-.'
  return prefix and M.kinds[prefix] and prefix or nil
end

function M.is_theorem(div)
  local kind = M.kind(div.identifier)
  return kind ~= nil and not ({fig = 1, tbl = 1, eq = 1, sec = 1})[kind]
end

function M.proof_kind(div)
  return (div.classes:find_if(function(class) return M.proofs[class] end))
end

function M.callout_kind(div)
  for _, class in ipairs(div.classes) do
    local kind = class:match '^callout%-(%a+)$'
    if kind and M.callouts[kind] then return kind end
  end
end

-- The number of a label: two private characters round its place among the mentions, which the
-- driver replaces when every chapter has been read.
function M.number(label)
  M.record.mentions:insert(label)
  return '\u{E010}' .. #M.record.mentions .. '\u{E011}'
end

-- "Figure 2b", with a space that does not break.
function M.name(label)
  local entry = M.numbers[label]
  return M.kinds[entry and entry.kind or M.kind(label)] .. '\u{a0}' .. M.number(label)
end

function M.raw(text) return pandoc.RawInline(M.format, text) end
function M.raw_block(text) return pandoc.RawBlock(M.format, text) end

-- A Typst string literal.
function M.quoted(text)
  return '"' .. text:gsub('\\', '\\\\'):gsub('"', '\\"'):gsub('%s+', ' ') .. '"'
end

-- Text for HTML, safe in attributes as well.
function M.html(text)
  return (text:gsub('[&<>"]', {['&'] = '&amp;', ['<'] = '&lt;', ['>'] = '&gt;', ['"'] = '&quot;'}))
end

-- Put inlines at the head of the first paragraph, or make one of them.
function M.prepend(blocks, inlines)
  if blocks[1] and (blocks[1].t == 'Para' or blocks[1].t == 'Plain') then
    blocks[1].content = inlines .. blocks[1].content
  else
    blocks:insert(1, pandoc.Para(inlines))
  end
end

return M
