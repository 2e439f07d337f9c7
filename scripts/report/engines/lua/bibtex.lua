-- Reads the document's .bib files, for both editions.
local common = require 'common'
local M = {}

-- English titles would lose their capitals to Pandoc; in another language all stay as written.
local function as_written(text)
  local neutral = text:gsub('%f[%a]langid(%s*=)', 'ignored%1')
  return (neutral:gsub('(@%a+%s*{%s*[^%s,{}="]+%s*,)', '%1 langid = {latin},'))
end

local function entries(path)
  local file = assert(io.open(path))
  local read, result = pcall(pandoc.read, as_written(file:read 'a'), 'biblatex')
  file:close()
  if read then return result.meta.references end
  local line, reason = tostring(result):match 'line (%d+), column %d+%)[:%s]*([^\n]*)'
  common.refuse_at(path, line, 'the BibTeX is broken: ' .. reason
    .. '; look here and in the entry before for a missing comma, brace or quote')
end

-- The entries of all files that `bibliography` names, in order.
function M.read(doc)
  local found = pandoc.List {}
  for _, path in ipairs(doc.meta.bibliography) do
    found:extend(entries(pandoc.utils.stringify(path)))
  end
  return found
end

return M
