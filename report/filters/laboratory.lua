-- The live laboratory: in the HTML a div of class `laboratory` gets the controls and the script of
-- web/, which take the place of what stands in it; without scripts that is shown as it is. The PDF
-- has only that. Named in _quarto.yml at `pre-quarto`; both engines run it before anything of theirs.

local function content(name)
  local file <close> = assert(io.open('web/' .. name))
  return file:read 'a'
end

return {{
  Div = function(div)
    if not div.classes:includes 'laboratory' then return nil end
    if not FORMAT:match 'html' then return div.content end
    local before = '<div class="laboratory" id="' .. div.identifier .. '">\n'
    local after = '<template>\n' .. content 'lab.html' .. '</template>\n</div>\n'
      .. '<script type="module">\n' .. content 'lab.js' .. '</script>'
    return pandoc.Blocks {pandoc.RawBlock('html', before)} .. div.content
      .. {pandoc.RawBlock('html', after)}
  end,
}}
