-- Puts the page's scripts at its end: what a reader can do with it. HTML only; both engines run it.
-- A module waits for the notes, which Quarto puts behind it.
-- The embedded engine, which reads chapter by chapter, has the title in the frame alone.

local function script(name)
  local file = assert(io.open('web/' .. name))
  local text = file:read 'a'
  file:close()
  return pandoc.RawBlock('html', '<script type="module">\n' .. text .. '</script>')
end

local function with_scripts(doc)
  if doc.meta.title then doc.blocks:insert(script 'page.js') end
  return doc
end

return FORMAT:match 'html' and {{Pandoc = with_scripts}} or {}
